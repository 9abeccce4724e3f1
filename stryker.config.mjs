// Mutation testing, by hand: docs/contributing/mutation-testing.md.
import jest from './jest.config.mjs';

const unit = jest.projects.find((project) => project.displayName === 'unit');

/** Each area with the unit tests that must kill its mutants. `AREA=undo npx … stryker run` takes one. */
const areas = {
  change: { mutate: ['src/operations/change/*.ts'], tests: ['test/operations/change/**'] },
  'host-keys': {
    mutate: ['src/host/ssh/host-key-policy.ts', 'src/host/ssh/known-hosts*.ts'],
    tests: ['test/host/ssh/host-key*', 'test/host/ssh/known-hosts*'],
  },
  'mutual-tls': { mutate: ['src/mesh/mutual-tls.ts'], tests: ['test/mesh/mutual-tls*'] },
  undo: { mutate: ['src/reconcile/undo/*.ts'], tests: ['test/reconcile/undo/**'] },
  kinds: { mutate: ['src/reconcile/kinds/*.ts'], tests: ['test/reconcile/**'] },
  engine: { mutate: ['src/reconcile/*.ts'], tests: ['test/reconcile/**'] },
};
const area = process.env.AREA ?? 'change';
if (!(area in areas)) throw new Error(`AREA must be one of ${Object.keys(areas).join(', ')}`);

export default {
  mutate: areas[area].mutate,
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  jest: {
    projectType: 'custom',
    config: {
      ...unit,
      testMatch: areas[area].tests.map((glob) => `<rootDir>/${glob}.test.ts`.replace('**.test', '**/*.test')),
      testTimeout: 30000,
      projects: [],
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: 'perTest',
  // A mutant in a value made while a module loads would run every test: these are data, and read in review.
  ignoreStatic: true,
  concurrency: Number(process.env.CONCURRENCY ?? 2),
  timeoutMS: 20000,
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `.results/mutation-${area}.json` },
  tempDirName: '.results/stryker',
};

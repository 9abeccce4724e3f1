// Mutation testing, by hand: docs/contributing/mutation-testing.md.
import jest from './jest.config.mjs';

const unit = jest.projects.find((project) => project.displayName === 'unit');

const CHANGE = 'apply-steps carry-out change dead-man drain failures phases record rotation';
const UNDO =
  'plan path-fate directory-fate undo-files undo-units line-merge compare found record picture first-picture former-package read';
const UNDO_TESTS =
  'plan path-fate directory-fate undo-units undo-packages line-merge compare found record picture-text package-copies journal-read';

const ENGINE = 'plan batch early apply frames audit formats explain renewal sources lock calls facts journal';
const ENGINE_TESTS = 'plan apply-order frames audit-chain explain sources lock-answers facts-answers batch-lines';

const KINDS =
  'env-text env-forms env environment-file edit line hosts owner unit unit-state file directory enabled kept-file';
const KINDS_TESTS = 'environment-file unit-changes file-changes line hosts env-assignments env-text env-forms';

const AGENT =
  'health/health report/entry-patch report/fence report/pace report/backoff drain/drain drain/endpoint-view drain/open-connections identity/identity identity/sidecar-certificate';
const AGENT_TESTS =
  'health/health report/entry-patch report/fence report/pace drain/drain drain/endpoint-view drain/open-connections identity/identity identity/sidecar-certificate';

/**
 * Each area with the unit tests that must kill its mutants. `AREA=undo npx … stryker run` takes one. `inMemory`: the tests
 * start no process, so scripts/mutation-runner.mjs keeps them in memory, which is many times faster than jest.
 */
const areas = {
  change: {
    mutate: ['src/operations/change/*.ts'],
    tests: files('test/operations/change', CHANGE, '.test.ts'),
    inMemory: true,
  },
  'host-keys': {
    mutate: ['src/host/ssh/host-key-policy.ts', 'src/host/ssh/known-hosts*.ts'],
    tests: files('test/host/ssh', 'host-key-policy known-hosts', '.test.ts'),
    inMemory: true,
  },
  'mutual-tls': { mutate: ['src/mesh/mutual-tls.ts'], tests: ['test/mesh/mutual-tls.test.ts'], inMemory: true },
  'undo-plan': {
    mutate: files('src/reconcile/undo', UNDO, '.ts'),
    tests: files('test/reconcile/undo', UNDO_TESTS, '.test.ts'),
    inMemory: true,
  },
  'engine-plan': {
    mutate: files('src/reconcile', ENGINE, '.ts'),
    tests: files('test/reconcile', ENGINE_TESTS, '.test.ts'),
    inMemory: true,
  },
  'kinds-plan': {
    mutate: files('src/reconcile/kinds', KINDS, '.ts'),
    tests: files('test/reconcile/kinds', KINDS_TESTS, '.test.ts'),
    inMemory: true,
  },
  agent: {
    mutate: files('src/agent', AGENT, '.ts'),
    tests: files('test/agent', AGENT_TESTS, '.test.ts'),
    inMemory: true,
  },
  undo: { mutate: ['src/reconcile/undo/*.ts'], tests: ['test/reconcile/undo/**/*.test.ts'] },
  kinds: { mutate: ['src/reconcile/kinds/*.ts'], tests: ['test/reconcile/**/*.test.ts'] },
  engine: { mutate: ['src/reconcile/*.ts'], tests: ['test/reconcile/**/*.test.ts'] },
};
const area = process.env.AREA ?? 'change';
if (!(area in areas)) throw new Error(`AREA must be one of ${Object.keys(areas).join(', ')}`);

const { mutate, tests, inMemory = false } = areas[area];

function files(folder, names, ending) {
  return names.split(' ').map((name) => `${folder}/${name}${ending}`);
}

export default {
  mutate,
  plugins: [inMemory ? './scripts/mutation-runner.mjs' : '@stryker-mutator/jest-runner'],
  testRunner: inMemory ? 'in-memory' : 'jest',
  testRunnerNodeArgs: inMemory ? ['--import', 'tsx'] : ['--experimental-vm-modules', '--no-warnings'],
  inMemory: { files: tests },
  jest: {
    projectType: 'custom',
    config: {
      ...unit,
      // Stryker's own environment takes the place of the one that test files share.
      ...{ runtime: undefined, testEnvironment: 'node', setupFiles: ['<rootDir>/test/support/property-seed.mjs'] },
      testMatch: tests.map((glob) => `<rootDir>/${glob}`),
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

import { builtTests } from './test/support/bundled-tests.mjs';

const { sources, tests } = await builtTests();

const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
        sourceMaps: true,
      },
    ],
  },
};

/** `unit` runs offline and without root; `e2e` builds the lab and runs on it, one file after another in each lab. */
export default {
  // The same order everywhere: what one file leaves behind must not depend on a cache of durations.
  testSequencer: '<rootDir>/test/support/long-first.mjs',
  // To start a shell costs a copy of the worker's page tables.
  workerIdleMemoryLimit: '350MB',
  projects: [
    {
      ...common,
      displayName: 'unit',
      runtime: '<rootDir>/test/support/sharing-runtime.cjs',
      testEnvironment: '<rootDir>/test/support/sharing-environment.cjs',
      globals: { buildsFolder: sources, builtTests: tests },
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/'],
    },
    {
      ...common,
      displayName: 'e2e',
      testEnvironment: '<rootDir>/test/e2e/support/diagnosing-environment.mjs',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      globalSetup: '<rootDir>/test/e2e/setup.ts',
      globalTeardown: '<rootDir>/test/e2e/teardown.ts',
    },
  ],
};

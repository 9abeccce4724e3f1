import { builtTests } from './test/support/bundled-tests.mjs';
import { typescript } from './test/support/jest-typescript.mjs';

const { sources, tests } = await builtTests();

/** The suite `unit`: offline and without root. That of the lab is in test/e2e. */
export default {
  // The same order everywhere: what one file leaves behind must not depend on a cache of durations.
  testSequencer: '<rootDir>/test/support/long-first.mjs',
  // To start a shell costs a copy of the worker's page tables.
  workerIdleMemoryLimit: '350MB',
  projects: [
    {
      ...typescript,
      displayName: 'unit',
      runtime: '<rootDir>/test/support/sharing-runtime.cjs',
      testEnvironment: '<rootDir>/test/support/sharing-environment.cjs',
      globals: { buildsFolder: sources, builtTests: tests },
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/'],
    },
  ],
};

import { fileURLToPath } from 'node:url';
import { typescript } from '../support/jest-typescript.mjs';

const rootDir = fileURLToPath(new URL('../..', import.meta.url));

/** The suite `e2e`: builds the lab and runs on it, one file after another in each lab. It needs nothing of what `unit` builds. */
export default {
  // The same order everywhere: what one file leaves behind must not depend on a cache of durations.
  testSequencer: '<rootDir>/test/support/long-first.mjs',
  rootDir,
  projects: [
    {
      ...typescript,
      rootDir,
      displayName: 'e2e',
      testEnvironment: '<rootDir>/test/e2e/support/diagnosing-environment.mjs',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      globalSetup: '<rootDir>/test/e2e/setup.ts',
      globalTeardown: '<rootDir>/test/e2e/teardown.ts',
    },
  ],
};

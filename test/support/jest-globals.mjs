// What tests import from '@jest/globals' (bundled-tests.mjs). Files that share their sources have no module mocks.
export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } = globalThis;

export const jest = {
  setTimeout(ms) {
    globalThis[Symbol.for('TEST_TIMEOUT_SYMBOL')] = ms;
    return jest;
  },
};

// A Stryker test runner that loads the tests once and keeps them in memory: docs/contributing/mutation-testing.md.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { INSTRUMENTER_CONSTANTS as NAMES } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { expect } from 'expect';

/** The state that the instrumented code reads. */
const state = (globalThis[NAMES.NAMESPACE] ??= {});

/** Only tests whose state is in memory: a process or a timer that one mutant leaves behind would meet the next one. */
class InMemoryRunner {
  static inject = tokens(commonTokens.options);
  #files;
  #tests = [];
  #ends = [];

  constructor(options) {
    this.#files = options.inMemory.files;
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async init() {
    // A mutant may leave a promise that no one waits for.
    process.on('unhandledRejection', () => undefined);
    process.on('uncaughtException', () => undefined);
    await import(pathToFileURL(resolve('test/support/property-seed.mjs')).href);
    for (const file of this.#files) {
      Object.assign(globalThis, collectors(file, this.#tests, this.#ends));
      await import(pathToFileURL(resolve(file)).href);
    }
  }

  async dispose() {
    for (const end of this.#ends) await end();
  }

  async dryRun({ disableBail }) {
    const tests = await this.#run(() => true, disableBail);
    return { status: DryRunStatus.Complete, tests, mutantCoverage: state[NAMES.MUTATION_COVERAGE_OBJECT] };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, disableBail }) {
    state[NAMES.ACTIVE_MUTANT] = activeMutant.id;
    state[NAMES.HIT_LIMIT] = hitLimit;
    state[NAMES.HIT_COUNT] = hitLimit ? 0 : undefined;
    const tests = await this.#run(({ id }) => testFilter === undefined || testFilter.includes(id), disableBail);
    state[NAMES.ACTIVE_MUTANT] = undefined;
    const limited = determineHitLimitReached(state[NAMES.HIT_COUNT], hitLimit);
    return toMutantRunResult(limited ?? { status: DryRunStatus.Complete, tests });
  }

  async #run(isAsked, disableBail) {
    const results = [];
    for (const test of this.#tests.filter(isAsked)) {
      const result = await resultOf(test);
      results.push(result);
      if (!disableBail && result.status === TestStatus.Failed) break;
    }
    return results;
  }
}

async function resultOf({ id, file, run }) {
  state[NAMES.CURRENT_TEST_ID] = id;
  const started = performance.now();
  const result = { id, name: id, fileName: resolve(file) };
  try {
    await run();
    return { ...result, status: TestStatus.Success, timeSpentMs: Math.round(performance.now() - started) };
  } catch (error) {
    const failureMessage = String(error?.stack ?? error);
    return {
      ...result,
      status: TestStatus.Failed,
      timeSpentMs: Math.round(performance.now() - started),
      failureMessage,
    };
  } finally {
    state[NAMES.CURRENT_TEST_ID] = undefined;
  }
}

/** Jest's global functions, for the tests of a file. A hook counts for the tests that follow it. */
function collectors(file, tests, ends) {
  let hooks = { before: [], after: [] };
  const test = (title, run) => {
    const { before, after } = hooks;
    const whole = async () => {
      for (const hook of before) await hook();
      try {
        await run();
      } finally {
        for (const hook of after) await hook();
      }
    };
    tests.push({ id: `${file} ${tests.length} ${title}`, file, run: whole });
  };
  test.each = (rows) => (title, run) => {
    for (const row of rows) test(title, () => (Array.isArray(row) ? run(...row) : run(row)));
  };
  const describe = (_title, body) => {
    const outer = hooks;
    body();
    hooks = outer;
  };
  const beforeEach = (hook) => void (hooks = { ...hooks, before: [...hooks.before, hook] });
  const afterEach = (hook) => void (hooks = { ...hooks, after: [...hooks.after, hook] });
  return { test, describe, beforeEach, afterEach, afterAll: (end) => void ends.push(end), expect };
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-memory', InMemoryRunner)];

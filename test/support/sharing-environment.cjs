// The environment for sharing-runtime.cjs: that of the worker itself, with what one test file changes of it set back for the next.
const FRAMEWORK = /[\\/]node_modules[\\/]jest-circus[\\/]/;
/** What jest-circus keeps in the global object: who listens, and limits that a file sets. */
const KEPT = ['EVENT_HANDLERS', 'TEST_TIMEOUT_SYMBOL', 'RETRY_TIMES', 'RETRY_IMMEDIATELY', 'WAIT_BEFORE_RETRY'];

class SharingEnvironment {
  global = globalThis;
  fakeTimers = null;
  fakeTimersModern = null;
  #before = { env: { ...process.env }, exit: process.exit, console: globalThis.console };

  constructor({ projectConfig }) {
    Object.assign(globalThis, projectConfig.globals);
    for (const name of KEPT) delete globalThis[Symbol.for(name)];
    // It makes its state when it is loaded.
    for (const path of Object.keys(require.cache)) if (FRAMEWORK.test(path)) delete require.cache[path];
  }

  async setup() {}

  async teardown() {
    for (const name of Object.keys(process.env)) if (!(name in this.#before.env)) delete process.env[name];
    Object.assign(process.env, this.#before.env);
    process.exit = this.#before.exit;
    globalThis.console = this.#before.console;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return null;
  }
}

module.exports = SharingEnvironment;

import { execFileSync } from 'node:child_process';

test('what a test file changes of its worker is set back for the next file', () => {
  // In a process of its own: here it would reach the test that is running.
  const text = `
    const Environment = require('./test/support/sharing-environment.cjs');
    const { exit } = process;
    const first = new Environment({ projectConfig: { globals: { given: 1 } } });
    process.env.ADDED = 'yes';
    process.env.CHANGED = 'after';
    delete process.env.REMOVED;
    process.exit = () => {};
    globalThis[Symbol.for('TEST_TIMEOUT_SYMBOL')] = 1;
    first.teardown().then(() => {
      new Environment({ projectConfig: { globals: {} } });
      const { ADDED, CHANGED, REMOVED } = process.env;
      const limit = Symbol.for('TEST_TIMEOUT_SYMBOL') in globalThis;
      console.log(JSON.stringify({ ADDED, CHANGED, REMOVED, given, limit, exit: process.exit === exit }));
    });`;
  const env = { CHANGED: 'before', REMOVED: 'no' };
  const said = execFileSync(process.execPath, ['-e', text], { cwd: new URL('../', import.meta.url), env });
  expect(JSON.parse(String(said))).toEqual({ CHANGED: 'before', REMOVED: 'no', given: 1, limit: false, exit: true });
});

import { execFileSync } from 'node:child_process';
import { existsSync, lutimesSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TRIAL = fileURLToPath(new URL('../../systemd/agent-trial', import.meta.url));

/** A machine whose agent got the program `new` instead of `old`, this many seconds ago. */
function upgraded(secondsAgo: number) {
  const root = temporaryFolder();
  const base = join(root, 'usr/local/lib/meshx/agent');
  for (const name of ['old', 'new']) {
    mkdirSync(join(base, name), { recursive: true });
    writeFileSync(join(base, name, 'meshx'), name);
  }
  symlinkSync('new', join(base, 'current'));
  symlinkSync('old', join(base, 'former'));
  const then = Date.now() / 1000 - secondsAgo;
  lutimesSync(join(base, 'former'), then, then);
  return {
    base,
    stopped: (result: string) => execFileSync(TRIAL, ['--clean', '--root', root, result], { encoding: 'utf8' }),
    program: () => readlinkSync(join(base, 'current')),
  };
}

test('a new program that crashes twice gives way to the former one, which the journal says', () => {
  const machine = upgraded(5);
  expect(machine.stopped('exit-code')).toBe('');
  expect(machine.program()).toBe('new');
  expect(machine.stopped('signal')).toContain(
    'the new program new does not run (signal): the former one, old, is in use',
  );
  expect(machine.program()).toBe('old');
  expect(existsSync(join(machine.base, 'former'))).toBe(false);
});

test.each(['timeout', 'watchdog'])('a new program that ends with %s gives way at once', (result) => {
  const machine = upgraded(5);
  machine.stopped(result);
  expect(machine.program()).toBe('old');
});

test('the former program has no trial of its own', () => {
  const machine = upgraded(5);
  machine.stopped('timeout');
  machine.stopped('timeout');
  machine.stopped('timeout');
  expect(machine.program()).toBe('old');
});

test.each([
  ['a stop in order', 5, 'success'],
  ['a failure after the trial', 700, 'timeout'],
  ['a failure when the clock was set back', -3600, 'timeout'],
])('%s keeps the new program', (_, secondsAgo, result) => {
  const machine = upgraded(secondsAgo);
  machine.stopped(result);
  machine.stopped(result);
  expect(machine.program()).toBe('new');
});

test('failures of an earlier program do not count', () => {
  const machine = upgraded(5);
  machine.stopped('exit-code');
  symlinkSync('newer', join(machine.base, 'link'));
  execFileSync('mv', ['-fT', join(machine.base, 'link'), join(machine.base, 'current')]);
  machine.stopped('exit-code');
  expect(machine.program()).toBe('newer');
});

test('a former program that is gone is not used', () => {
  const machine = upgraded(5);
  rmSync(join(machine.base, 'old'), { recursive: true });
  machine.stopped('timeout');
  expect(machine.program()).toBe('new');
});

import { chmod, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Attempt, Failure } from '../../../src/agent/probes/attempt.ts';
import { unit } from '../../../src/agent/probes/unit.ts';
import { until } from '../../host/contract.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ask } from './server.ts';

const sh = (script: string, timeoutMs = 5000) =>
  ask({ exec: { command: ['/bin/sh', '-c', script, 'meshx-probe'] } }, { timeoutMs });

test.each([
  ['exit 0', { outcome: 'ok', reason: 'exit code 0' }],
  ['echo fine; echo more', { outcome: 'ok', reason: 'fine' }],
  ['echo stale >&2; exit 2', { outcome: 'failed', reason: 'exit code 2: stale' }],
  ['printf "a\\033[31m b\\n"; exit 1', { outcome: 'failed', reason: 'exit code 1: a?[31m b' }],
  ['kill -9 $$', { outcome: 'failed', reason: 'ended by a signal' }],
  ['head -c 5000000 /dev/zero | tr "\\0" x; exit 0', { outcome: 'ok', reason: expect.stringMatching(/^x{117}\.{3}$/) }],
  ['read line; exit 3', { outcome: 'failed', reason: 'exit code 3' }],
])('%s', async (script, result) => expect(await sh(script)).toEqual(result));

test('a program gets its arguments as they are, and no environment of the agent', async () => {
  process.env['MESHX_TEST_SECRET'] = 'secret';
  const echo = await ask({ exec: { command: ['/bin/echo', '$HOME', '; id', '"'] } });
  expect(echo.reason).toBe('$HOME ; id "');
  expect((await sh('echo "[$MESHX_TEST_SECRET]"')).reason).toBe('[]');
  delete process.env['MESHX_TEST_SECRET'];
});

test('a program and its children are killed at the time limit, and what it leaves behind when it ends', async () => {
  const folder = temporaryFolder();
  const isRunning = async (file: string) => {
    const pid = Number(await readFile(join(folder, file), 'utf8'));
    // A zombie has ended too.
    return !/^State:\tZ/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ'));
  };
  const late = await sh(`sleep 300 & echo $! > ${folder}/late; wait`, 500);
  expect(late).toEqual({ outcome: 'failed', reason: 'no answer within 500 ms' });
  await until(async () => !(await isRunning('late')));
  expect(await sh(`sleep 300 & echo $! > ${folder}/left; echo done`)).toEqual({ outcome: 'ok', reason: 'done' });
  await until(async () => !(await isRunning('left')));
});

test('a daemon in a session of its own does not hold the probe up', async () => {
  const began = Date.now();
  expect(await sh('setsid sleep 20 & echo started', 15_000)).toEqual({ outcome: 'ok', reason: 'started' });
  expect(Date.now() - began).toBeLessThan(10_000);
});

test('a program that others could change is not run', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'probe');
  await writeFile(file, `#!/bin/sh\ntouch ${folder}/ran\n`);
  await chmod(file, 0o777);
  const result = await ask({ exec: { command: [file] } });
  expect(result.reason).toMatch(/is writable by others than root|does not belong to root/);
  expect(await readFile(join(folder, 'ran'), 'utf8').catch(() => 'absent')).toBe('absent');
  // A link may be anyone's: what it points to is checked, and that is run.
  await symlink('/bin/sh', join(folder, 'link'));
  expect((await ask({ exec: { command: [join(folder, 'link'), '-c', 'echo $0'] } })).reason).toBe(join(folder, 'link'));
  await symlink(file, join(folder, 'foreign'));
  expect((await ask({ exec: { command: [join(folder, 'foreign')] } })).outcome).toBe('failed');
  const absent = join(folder, 'absent');
  expect(await ask({ exec: { command: [absent] } })).toEqual({ outcome: 'failed', reason: `cannot find ${absent}` });
});

test.each([
  ['active', 'running', { outcome: 'ok', reason: 'active (running)' }],
  ['reloading', 'reload', { outcome: 'ok', reason: 'reloading (reload)' }],
  ['activating', 'auto-restart', { outcome: 'failed', reason: 'activating (auto-restart)' }],
  ['failed', 'failed', { outcome: 'failed', reason: 'failed (failed)' }],
  ['inactive', 'dead', { outcome: 'failed', reason: 'inactive (dead)' }],
])('a unit that is %s (%s)', async (active, sub, result) => {
  expect(await unitThat(`printf 'LoadState=loaded\\nActiveState=${active}\\nSubState=${sub}\\n'`)).toEqual(result);
});

test('a unit that systemd does not know, and a systemctl that fails or is absent', async () => {
  const unknown = await unitThat("printf 'LoadState=not-found\\nActiveState=inactive\\nSubState=dead\\n'");
  expect(unknown).toEqual({ outcome: 'failed', reason: 'systemd does not know db.service' });
  const broken = await unitThat('echo "Failed to connect to bus" >&2; exit 1');
  expect(broken).toEqual({ outcome: 'failed', reason: 'systemctl: Failed to connect to bus' });
  await expect(unitBy('/absent/systemctl')).rejects.toThrow('cannot start /absent/systemctl: not found');
});

/** Asks a systemctl that answers with this script, if its arguments are the expected ones. */
async function unitThat(script: string) {
  const folder = temporaryFolder();
  const file = join(folder, 'systemctl');
  const check = '[ "$*" = "show --property=LoadState,ActiveState,SubState -- db.service" ] || exit 9';
  await writeFile(file, `#!/bin/sh\n${check}\n${script}\n`);
  await chmod(file, 0o755);
  return await unitBy(file);
}

async function unitBy(systemctl: string) {
  const method = { kind: 'unit', name: 'db.service' } as const;
  const attempt = new Attempt({ address: '127.0.0.1', method, timeoutMs: 5000 });
  try {
    return await unit(method, attempt, systemctl);
  } finally {
    attempt.end(new Failure('ended'));
  }
}

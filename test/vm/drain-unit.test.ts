import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drainUnitFile, drainUnitName, serviceOfDrainUnit } from '../../src/vm/steps/drain-unit.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../systemd/drain-unit', import.meta.url));

/** The sidecar and capture, which a shutdown is about to stop. */
const IN_MESH = '\\nActiveState=active\\nJob=78\\n\\nActiveState=active\\nJob=79\\n';

/** A machine whose systemctl answers so, with an agent that notes what it is called with. */
async function aMachine(unit: string, mesh = IN_MESH) {
  const root = temporaryFolder();
  const program = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, path), 0o755);
  };
  program('usr/local/bin/systemctl', `printf '${unit}${mesh}'`);
  program('usr/local/lib/meshx/agent/current/meshx', `echo "$*" >> ${root}/calls; exit 3`);
  const curl = (code: number): void =>
    program('usr/local/bin/curl', `for word; do :; done; echo "curl $word" >> ${root}/calls; exit ${code}`);
  curl(7);
  mkdirSync(join(root, 'run/meshx-agent'), { recursive: true });
  writeFileSync(join(root, 'calls'), '');
  const socket = join(root, 'run/meshx-agent/agent.sock');
  const server: Server = createServer().listen(socket);
  await once(server, 'listening');
  return {
    socket,
    run: (...args: readonly string[]) =>
      spawnSync(PROGRAM, ['--clean', '--root', root, ...args], { timeout: 20_000 }).status,
    curlSucceeds: () => curl(0),
    calls: () => readFileSync(join(root, 'calls'), 'utf8'),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

const STOPPING = 'ActiveState=active\\nJob=77\\n';

test('a unit that runs and has a job is drained before it stops; a failure of the agent is none', async () => {
  await using machine = await aMachine(STOPPING);
  expect(machine.run('stop', 'mysqldb', 'mariadb.service', '42')).toBe(0);
  expect(machine.calls()).toBe('curl http://agent/drain?service=mysqldb&by=unit\nagent unit stops mysqldb 42\n');
});

test.each([
  ['crashed and is started again', 'ActiveState=activating\\nJob=77\\n'],
  ['has failed', 'ActiveState=failed\\nJob=77\\n'],
  ['goes on', 'ActiveState=active\\n'],
  ['goes on, as an older systemd says it', 'ActiveState=active\\nJob=0\\n'],
  ['is unknown, as systemd does not answer', ''],
])('a unit that %s is not drained', async (_, show) => {
  await using machine = await aMachine(show);
  expect(machine.run('stop', 'mysqldb', 'mariadb.service', '42')).toBe(0);
  expect(machine.calls()).toBe('');
});

test.each([
  '\\nActiveState=inactive\\n\\nActiveState=inactive\\n',
  '\\nActiveState=active\\n\\nActiveState=failed\\n',
  '\\nActiveState=activating\\n\\nActiveState=active\\n',
  '',
])('nothing is drained while the VM is not in the mesh: %j', async (mesh) => {
  await using machine = await aMachine(STOPPING, mesh);
  expect(machine.run('stop', 'mysqldb', 'mariadb.service', '42')).toBe(0);
  expect(machine.calls()).toBe('');
});

test('a unit that started may return, whatever its state', async () => {
  await using machine = await aMachine('');
  expect(machine.run('start', 'mysqldb', 'mariadb.service')).toBe(0);
  const undrain = 'curl http://agent/undrain?service=mysqldb&by=unit\n';
  expect(machine.calls()).toBe(`${undrain}agent unit started mysqldb\n`);
  machine.curlSucceeds();
  expect(machine.run('start', 'mysqldb', 'mariadb.service')).toBe(0);
  expect(machine.calls()).toBe(`${undrain}agent unit started mysqldb\n${undrain}`);
});

test('without an agent, and with other words, nothing is done', async () => {
  await using machine = await aMachine(STOPPING);
  for (const words of [[], ['stop'], ['halt', 'mysqldb', 'mariadb.service', '42']])
    expect(machine.run(...words)).toBe(0);
  rmSync(machine.socket);
  expect(machine.run('stop', 'mysqldb', 'mariadb.service', '42')).toBe(0);
  expect(machine.run('start', 'mysqldb', 'mariadb.service')).toBe(0);
  expect(machine.calls()).toBe('');
});

test('the unit waits longer than the drain, which waits longer than the connections', () => {
  const { path, content } = drainUnitFile({ service: 'mysqldb', unit: 'mariadb.service', limitMs: 30_000 });
  expect(path).toBe('/etc/systemd/system/meshx-drain-mysqldb.service');
  const seconds = Number(/^ExecStop=-\S+ stop mysqldb mariadb\.service (\d+)$/m.exec(content)?.[1]);
  const limit = Number(/^TimeoutStopSec=(\d+)$/m.exec(content)?.[1]);
  expect([seconds > 30, limit > seconds + 5]).toEqual([true, true]);
});

test('the unit stops before the unit of the service, and before all that a drain needs', () => {
  const { content } = drainUnitFile({ service: 'mysqldb', unit: 'mariadb.service', limitMs: 0 });
  const words = /^After=(.*)$/m.exec(content)?.[1]?.split(' ');
  expect(words).toEqual(
    expect.arrayContaining(['mariadb.service', 'meshx-agent.service', 'meshx-capture.service', 'istio.service']),
  );
  expect(content).toMatch(/^PartOf=mariadb\.service$/m);
  expect(content).not.toMatch(/^(BindsTo|Requires|Requisite)=/m);
});

test('the name of the unit is that of its service', () => {
  expect(serviceOfDrainUnit(drainUnitName('mysqldb'))).toBe('mysqldb');
  expect(serviceOfDrainUnit('meshx-drain-../x.service')).toBeUndefined();
});

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

(has('systemd-analyze') ? test : test.skip)('systemd-analyze has nothing against the unit', () => {
  const folder = temporaryFolder();
  const { content } = drainUnitFile({ service: 'mysqldb', unit: 'mariadb@one.service', limitMs: 1000 });
  const unit = join(folder, drainUnitName('mysqldb'));
  writeFileSync(unit, content.replaceAll('/usr/local/lib/meshx/drain-unit', '/bin/true'));
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
  expect((stdout + stderr).split('\n').filter((line) => line.includes(drainUnitName('mysqldb')))).toEqual([]);
});

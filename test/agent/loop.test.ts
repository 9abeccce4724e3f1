import { once } from 'node:events';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { formatAgentSettings } from '../../src/agent/settings.ts';
import { until } from '../host/contract.ts';
import { problemOf } from '../support/problem.ts';
import { listen } from './probes/server.ts';
import { agentFiles, freePort, http, runningAgent, serviceFile, SETTINGS } from './running.ts';

const accept = (): void => undefined;

test('a service goes up and down with its server, and the health endpoint follows', async () => {
  const files = agentFiles();
  const server = await listen(accept);
  files.write('db', serviceFile('db', server.port));
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  expect(await http({ port: agent.healthPort }, '/health')).toEqual({ status: 200, body: 'ok\n' });
  await server[Symbol.asyncDispose]();
  await agent.reaches('db', 'down');
  expect(await agent.service('db')).toMatchObject({ inRotation: false, reason: 'connection refused' });
  expect(await http({ port: agent.healthPort }, '/health')).toEqual({ status: 503, body: 'db is down\n' });
});

test('until every service was judged, the health endpoint fails', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  files.write('db', serviceFile('db', server.port).replace('rise: 1', 'rise: 10'));
  await using agent = await runningAgent(files);
  const early = await http({ port: agent.healthPort }, '/health');
  expect(early).toEqual({ status: 503, body: 'not every service was judged yet\n' });
  expect((await agent.snapshot()).judged).toBe(false);
  await agent.reaches('db', 'ready');
  expect((await agent.snapshot()).judged).toBe(true);
});

test('a new file adds a service, and a removed one drains it, without a restart', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  await using agent = await runningAgent(files);
  files.write('db', serviceFile('db', server.port, 'drain: {limit: 0s}\n'));
  await agent.reaches('db', 'ready');
  files.remove('db');
  await agent.reaches('db', 'drained');
  expect(await agent.service('db')).toMatchObject({
    reason: 'its file was removed; no open connections; clients may still come',
  });
  process.emit('SIGHUP');
  await until(async () => (await agent.service('db')) === undefined);
});

test('a file that comes back during its drain brings the service back', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  files.write('db', serviceFile('db', server.port));
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  // Holds up the drain.
  const client = connect(server.port, '127.0.0.1');
  await once(client, 'connect');
  files.remove('db');
  await agent.reaches('db', 'draining');
  files.write('db', serviceFile('db', server.port));
  await agent.reaches('db', 'ready');
  client.destroy();
});

test('a file that becomes invalid leaves its last good content in effect, and says why', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  files.write('db', serviceFile('db', server.port));
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  files.write('db', serviceFile('db', server.port, 'wieght: 3\n'));
  await until(async () => (await agent.snapshot()).invalidFiles.length === 1);
  const { invalidFiles, services } = await agent.snapshot();
  expect(invalidFiles).toEqual([
    { file: 'db.yaml', issues: [expect.stringMatching(/^db\.yaml:4:.*wieght/)], lastGoodInEffect: true },
  ]);
  expect(services).toMatchObject([{ name: 'db', state: 'ready' }]);
  files.write('db', serviceFile('db', server.port));
  await until(async () => (await agent.snapshot()).invalidFiles.length === 0);
});

test('a file that was never valid defines no service and stops no other', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  files.write('bad', 'name: bad\n');
  files.write('db', serviceFile('db', server.port));
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  expect((await agent.snapshot()).invalidFiles).toMatchObject([{ file: 'bad.yaml', lastGoodInEffect: false }]);
});

test('a folder that another one replaces is read and watched', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  files.write('db', serviceFile('db', server.port, 'drain: {limit: 0s}\n'));
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  renameSync(files.services, join(files.folder, 'former'));
  const other = agentFiles();
  other.write('web', serviceFile('web', server.port));
  renameSync(other.services, files.services);
  process.emit('SIGHUP');
  await agent.reaches('web', 'ready');
  files.write('web', serviceFile('web', server.port, 'weight: 7\n'));
  await until(() => Promise.resolve(agent.log.includes('service-update service=web')));
});

test('a failure in rotation is confirmed at a quarter of the interval', async () => {
  const files = agentFiles();
  const server = await listen(accept);
  files.write('db', `name: db\nports: {tcp: ${server.port}}\nprobe: {tcp: {}, interval: 4s, rise: 1, fall: 3}\n`);
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  await server[Symbol.asyncDispose]();
  await until(async () => (await agent.service('db'))?.lastProbe?.outcome === 'failed', 20_000);
  const failed = Date.parse((await agent.service('db'))?.lastProbe?.ended ?? '');
  await until(async () => (await agent.service('db'))?.state === 'down', 20_000);
  const down = Date.parse((await agent.service('db'))?.since ?? '');
  // Two more probes, 1 s apart instead of 4 s.
  expect(down - failed).toBeGreaterThan(1500);
  expect(down - failed).toBeLessThan(6000);
}, 60_000);

test('a service that answers is judged without its interval', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  files.write('db', `name: db\nports: {tcp: ${server.port}}\nprobe: {tcp: {}, interval: 1h, rise: 10, fall: 3}\n`);
  const began = performance.now();
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  // Nine pauses of 0.2 s; with a pause of a second each it would be more.
  expect(performance.now() - began).toBeLessThan(8500);
});

test('a changed probe is used without a change of state in between', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  files.write('db', serviceFile('db', server.port));
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  const since = (await agent.service('db'))?.since;
  files.write('db', `${serviceFile('db', server.port)}`.replace('tcp: {}', `tcp: {port: ${await freePort()}}`));
  await agent.reaches('db', 'down');
  expect((await agent.service('db'))?.since).not.toBe(since);
  expect(agent.log.filter((line) => line.startsWith('service-state')).map((line) => line.split(' ')[3])).toEqual([
    'to=ready',
    'to=down',
  ]);
});

test('drain and undrain over the socket, and a request that names no service', async () => {
  const files = agentFiles();
  const { socket: socketPath } = files;
  await using server = await listen(accept);
  files.write('db', serviceFile('db', server.port, 'drain: {limit: 0s}\n'));
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  expect(await http({ socketPath }, '/drain?service=db', 'POST')).toEqual({ status: 200, body: 'done\n' });
  await agent.reaches('db', 'drained');
  expect(await http({ socketPath }, '/undrain?service=db', 'POST')).toEqual({ status: 200, body: 'done\n' });
  await agent.reaches('db', 'ready');
  expect((await http({ socketPath }, '/drain?service=none', 'POST')).status).toBe(404);
  expect((await http({ socketPath }, '/drain', 'POST')).status).toBe(400);
  expect((await http({ socketPath }, '/drain?service=db')).status).toBe(405);
  expect((await http({ port: agent.healthPort }, '/drain?service=db', 'POST')).status).toBe(404);
  expect((await http({ port: agent.healthPort }, '/status')).status).toBe(404);
});

test('a drain waits for open connections, at most for the limit of the service', async () => {
  const files = agentFiles();
  await using server = await listen(accept);
  files.write('db', serviceFile('db', server.port, 'drain: {limit: 1m}\n'));
  await using agent = await runningAgent(files);
  await agent.reaches('db', 'ready');
  const client = connect(server.port, '127.0.0.1');
  await once(client, 'connect');
  await http({ socketPath: files.socket }, '/drain?service=db', 'POST');
  await agent.reaches('db', 'draining');
  // Probes go on, each with a connection of its own: the drain must not end by them, nor wait for them.
  await until(async () => (await agent.service('db'))?.lastProbe?.outcome === 'ok');
  expect((await agent.service('db'))?.state).toBe('draining');
  client.destroy();
  await agent.reaches('db', 'drained');
});

test('bad settings stop the start with their line; bad ones later are reported and change nothing', async () => {
  const files = agentFiles();
  writeFileSync(files.settings, 'format: 1\ngeneration: none\n');
  expect((await problemOf(runningAgent(files))).issues.join()).toContain('generation');
  expect(existsSync(files.socket)).toBe(false);
  writeFileSync(files.settings, formatAgentSettings(SETTINGS));
  await using agent = await runningAgent(files);
  writeFileSync(files.settings, 'format: 1\n');
  process.emit('SIGHUP');
  await agent.logs('file-invalid');
  expect((await agent.snapshot()).agent.generation).toBe(3);
});

test('new settings end the agent, so that systemd starts it with them', async () => {
  const files = agentFiles();
  await using agent = await runningAgent(files);
  writeFileSync(files.settings, formatAgentSettings({ ...SETTINGS, generation: 4 }));
  process.emit('SIGHUP');
  await agent.ended;
  expect(agent.log.at(-1)).toBe('agent-stopping reason="new settings"');
});

test('a missing folder means no service, and its first file is found when it appears', async () => {
  const files = agentFiles();
  rmSync(files.services, { recursive: true });
  await using agent = await runningAgent(files);
  await until(async () => (await agent.snapshot()).judged);
  expect((await agent.snapshot()).services).toEqual([]);
  expect(await http({ port: agent.healthPort }, '/health')).toEqual({ status: 200, body: 'ok\n' });
});

test('the end of the agent leaves no socket, no timer and no listener behind', async () => {
  const files = agentFiles();
  const before = process.listenerCount('SIGHUP');
  const agent = await runningAgent(files);
  await agent[Symbol.asyncDispose]();
  expect(process.listenerCount('SIGHUP')).toBe(before);
  expect((await problemOf(agent.snapshot())).id).toBe('agent-unreachable');
});

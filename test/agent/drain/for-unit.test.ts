import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { requestForUnit } from '../../../src/agent/drain/for-unit.ts';
import { unitMain } from '../../../src/agent/drain/unit-main.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { listen } from '../probes/server.ts';
import { agentFiles, http, runningAgent, serviceFile } from '../running.ts';

const LIMIT = 20_000;

/** `drain` is how long the connections of its clients may take to end. */
async function oneService(drain = '0s') {
  const files = agentFiles();
  const server = await listen(() => undefined);
  files.write('db', serviceFile('db', server.port, `drain: {limit: ${drain}}\n`));
  const ask = (event: 'stops' | 'started', service = 'db', limitMs = LIMIT) =>
    requestForUnit({ event, service, socket: files.socket, limitMs });
  return { files, ask, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('a unit that stops waits until its service is drained; one that started lets it return', async () => {
  // The agent's own probe may have a connection open.
  await using world = await oneService('10s');
  await using agent = await runningAgent(world.files);
  await agent.reaches('db', 'ready');
  expect(await world.ask('stops')).toBe('its unit stops; no open connections; clients may still come');
  expect((await agent.service('db'))?.state).toBe('drained');
  expect(await world.ask('started')).toBe('may return to rotation');
  await agent.reaches('db', 'ready');
});

test('what people drained stays drained when its unit starts', async () => {
  await using world = await oneService();
  await using agent = await runningAgent(world.files);
  await agent.reaches('db', 'ready');
  await http({ socketPath: world.files.socket }, '/drain?service=db', 'POST');
  await world.ask('stops');
  await world.ask('started');
  await agent.reaches('db', 'drained');
  expect((await http({ socketPath: world.files.socket }, '/drain?service=db&by=x', 'POST')).status).toBe(400);
});

test('an agent that starts meanwhile is asked again', async () => {
  await using world = await oneService();
  const asked = world.ask('stops');
  await using agent = await runningAgent(world.files);
  expect(await asked).toMatch(/^its unit stops/);
  expect((await agent.service('db'))?.state).toBe('drained');
});

test('a service that the agent does not have holds up nothing', async () => {
  await using world = await oneService();
  await using agent = await runningAgent(world.files);
  expect(await world.ask('stops', 'web')).toBe('the agent has no such service');
  expect(agent.log.join()).not.toContain('web');
});

test('without an agent, and with one that says nothing, the unit stops after five seconds', async () => {
  const socket = join(temporaryFolder(), 'agent.sock');
  const ask = () => requestForUnit({ event: 'stops', service: 'db', socket, limitMs: LIMIT });
  expect(await ask()).toMatch(/^not drained: No agent answers on .*: ENOENT/);
  const silent = createServer().listen(socket);
  await once(silent, 'listening');
  const began = performance.now();
  expect(await ask()).toMatch(/^not drained: No agent answers on /);
  expect(performance.now() - began).toBeLessThan(LIMIT);
  silent.close();
});

test.each([[['halts', 'db']], [['stops', '../db']], [['stops', 'db', '-1']], [['started', 'db', '1', 'x']], [[]]])(
  'the words %j are none of a unit',
  async (words) => {
    expect(await unitMain(words, () => undefined)).toBeUndefined();
  },
);

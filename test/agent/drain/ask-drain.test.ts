import { existsSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { until } from '../../host/contract.ts';
import { runCli } from '../../support/run-cli.ts';
import { listen } from '../probes/server.ts';
import { agentFiles, runningAgent, serviceFile } from '../running.ts';

/** A running agent with two services, and its command line. */
async function twoServices() {
  const files = agentFiles();
  const servers = [await listen(() => undefined), await listen(() => undefined)];
  for (const [index, name] of ['db', 'web'].entries())
    files.write(name, serviceFile(name, servers[index]!.port, 'drain: {limit: 0s}\n').replace('{tcp:', `{${name}:`));
  const close = async (): Promise<void> => {
    for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
  };
  const type = (...words: readonly string[]) => runCli(['agent', ...words, '--socket', files.socket]);
  return { files, type, [Symbol.asyncDispose]: close };
}

test('a drained service stays drained over a restart of the agent, until it is undrained', async () => {
  await using world = await twoServices();
  const { files, type } = world;
  const kept = join(files.folder, 'drained.json');
  {
    await using agent = await runningAgent(files);
    await agent.reaches('db', 'ready');
    const { stdout, exitCode } = await type('drain', 'db');
    expect({ stdout, exitCode }).toEqual({
      stdout: expect.stringMatching(/^SERVICE +STATE +REASON\ndb +drained +drained on request; no open connections/),
      exitCode: 0,
    });
    await agent.reaches('web', 'ready');
    await until(() => Promise.resolve(existsSync(kept) && readFileSync(kept, 'utf8') === '["db"]\n'));
  }
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  await using agent = await runningAgent(files);
  await agent.reaches('web', 'ready');
  await agent.reaches('db', 'drained');
  expect((await type('undrain', 'db', '-o', 'json')).stdout).toContain('"state": "ready"');
  await until(() => Promise.resolve(readFileSync(kept, 'utf8') === '[]\n'));
});

test('without names all services are drained', async () => {
  await using world = await twoServices();
  await using agent = await runningAgent(world.files);
  await agent.reaches('db', 'ready');
  expect((await world.type('drain')).stdout.match(/drained on request/g)).toHaveLength(2);
  await agent.reaches('web', 'drained');
});

test('an unknown service changes nothing, and says which ones there are', async () => {
  await using world = await twoServices();
  await using agent = await runningAgent(world.files);
  await agent.reaches('db', 'ready');
  const { stderr, exitCode } = await world.type('drain', 'db', 'none');
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('The agent has no service none; it has db, web.')]);
  expect((await agent.service('db'))?.state).toBe('ready');
});

test('a service that does not come back within the limit is named', async () => {
  await using world = await twoServices();
  await using agent = await runningAgent(world.files);
  await agent.reaches('db', 'ready');
  await world.type('drain', 'db');
  await world[Symbol.asyncDispose]();
  const { stderr, exitCode } = await world.type('undrain', 'db', '--wait-timeout', '1');
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('After 1 s these services')]);
});

/** An agent that lists `db` when it is asked first, and has it no longer when it is drained. */
async function losingAgent(status: number) {
  const files = agentFiles();
  let listed = '';
  {
    files.write('db', serviceFile('db', 1));
    await using agent = await runningAgent(files);
    await until(async () => (await agent.service('db')) !== undefined);
    listed = JSON.stringify(await agent.snapshot());
  }
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.method === 'POST') return response.writeHead(status).end('no such service\n');
    const services = (asked += 1) === 1 ? listed : JSON.stringify({ ...JSON.parse(listed), services: [] });
    return response.end(services);
  }).listen(files.socket);
  await once(server, 'listening');
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { socket: files.socket, [Symbol.asyncDispose]: close };
}

test.each([
  // It went away before the request, and after it.
  [404, 'The agent has no service db; it has none.'],
  [200, 'The agent has no service db; it has none.'],
  [500, 'gave an answer that meshx cannot read: 500 no such service'],
])('a service that goes away while it is drained is not drained (%i)', async (status, message) => {
  await using agent = await losingAgent(status);
  const { stdout, stderr, exitCode } = await runCli(['agent', 'drain', 'db', '--socket', agent.socket]);
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: expect.stringContaining(message), exitCode: 1 });
});

import { type IncomingMessage, request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { formatAgentSettings } from '../../src/agent/settings.ts';
import { agentFiles, freePort, runningAgent, SETTINGS } from './running.ts';

/** The files of an agent with a port for its metrics. */
function filesWith(port: number): ReturnType<typeof agentFiles> {
  const files = agentFiles();
  writeFileSync(files.settings, formatAgentSettings({ ...SETTINGS, metrics: { port } }));
  return files;
}

async function ask(port: number, method: string, path: string, host: string): Promise<[status: number, body: string]> {
  const sent = request({ host: '127.0.0.1', port, method, path, headers: { host }, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const part of response) body += String(part);
  return [response.statusCode ?? 0, body];
}

test('the metrics are on the port of the settings, for GET and a host of this machine alone', async () => {
  const port = await freePort();
  await using agent = await runningAgent(filesWith(port));
  expect(agent.log.join('\n')).toMatch(/agent-started .*sockets=3/);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost'])
    expect(await ask(port, 'GET', '/metrics', host)).toEqual([200, expect.stringContaining('meshx_agent_build_info')]);
  expect((await ask(port, 'GET', '/metrics', `attacker.example:${port}`))[0]).toBe(403);
  expect((await ask(port, 'POST', '/metrics', 'localhost'))[0]).toBe(405);
  for (const path of ['/status', '/health', '/']) expect((await ask(port, 'GET', path, 'localhost'))[0]).toBe(404);
  expect((await ask(port, 'POST', '/drain?service=x', 'localhost'))[0]).toBe(404);
});

test('the port is not open on another address of the machine', async () => {
  const port = await freePort();
  await using _agent = await runningAgent(filesWith(port));
  const others = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = others.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.2';
  const socket = connect(port, outside);
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

test('a port that another program has leaves the agent running, and the log says so', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { port } = other.address() as { readonly port: number };
    await using agent = await runningAgent(filesWith(port));
    await agent.logs('metrics-port-unusable');
    expect((await agent.snapshot()).version).toBe(1);
  } finally {
    other.close();
  }
});

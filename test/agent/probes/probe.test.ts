import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { createProbe } from '../../../src/agent/probes/index.ts';
import { createSidecarProbe } from '../../../src/agent/probes/sidecar.ts';
import { until } from '../../host/contract.ts';
import { selfSigned } from '../../support/cluster-objects.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ask, listen, replies } from './server.ts';

const NEVER = new AbortController().signal;

test('a server that accepts connections is ok, and the connection is closed', async () => {
  await using server = await listen(() => undefined);
  expect(await ask({ tcp: { port: server.port } })).toEqual({ outcome: 'ok', reason: 'accepts connections' });
  await until(() => Promise.resolve(server.open() === 0));
});

test('a port without a server is refused', async () => {
  const server = await listen(() => undefined);
  await server[Symbol.asyncDispose]();
  expect(await ask({ tcp: { port: server.port } })).toEqual({ outcome: 'failed', reason: 'connection refused' });
});

test.each([
  ['an address of documentation', '192.0.2.1'],
  ['no address', 'not-an-address'],
])('%s fails within the time limit', async (_title, address) => {
  const began = Date.now();
  const result = await ask({ tcp: { port: 9 } }, { address, timeoutMs: 300 });
  expect(result.outcome).toBe('failed');
  expect(result.reason).toMatch(/^[\x20-\x7e]+$/);
  // The kernel gives up after two minutes.
  expect(Date.now() - began).toBeLessThan(15_000);
});

test('an aborted run, a run under way that is closed, and a closed probe say stopped', async () => {
  const stopped = { outcome: 'failed', reason: 'stopped' };
  const method = { kind: 'tcp', port: 9 } as const;
  const probe = createProbe({ address: '192.0.2.1', method, timeoutMs: 60_000 });
  const controller = new AbortController();
  const running = probe.run(controller.signal);
  controller.abort();
  expect(await running).toEqual(stopped);
  expect(await probe.run(controller.signal)).toEqual(stopped);
  const second = probe.run(NEVER);
  probe.close();
  expect(await second).toEqual(stopped);
  expect(await probe.run(NEVER)).toEqual(stopped);
});

test('TLS that ends at any moment leaves no connection open', async () => {
  const { key, cert } = selfSigned('db', 'DNS:db.test');
  const ca = join(temporaryFolder(), 'cert.pem');
  writeFileSync(ca, cert);
  const secure = createServer({ cert, key }).on('tlsClientError', () => undefined);
  secure.on('secureConnection', (socket) => socket.on('error', () => undefined));
  await using server = await listen((socket) => void secure.emit('connection', socket));
  const port = server.port;
  const results = new Set<string>();
  for (let run = 0; run < 60; run += 1) {
    const trust = [{ name: 'db.test', ca }, { name: 'other.test', ca }, {}, { verify: false }][run % 4];
    results.add((await ask({ tls: { port, ...trust } }, { timeoutMs: run % 3 === 0 ? 5000 : run % 8 })).outcome);
  }
  expect([...results].sort()).toEqual(['failed', 'ok']);
  await until(() => Promise.resolve(server.open() === 0));
});

test.each([
  ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { outcome: 'ok', reason: 'status 200' }],
  ['HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n', { outcome: 'failed', reason: 'status 503' }],
])('the sidecar that answers %j is judged by its status', async (answer, result) => {
  await using server = await listen(replies('', answer));
  expect(await createSidecarProbe(5000, server.port).run(NEVER)).toMatchObject(result);
});

test('a sidecar without Envoy refuses the connection', async () => {
  const server = await listen(() => undefined);
  await server[Symbol.asyncDispose]();
  const gone = await createSidecarProbe(5000, server.port).run(NEVER);
  expect(gone).toEqual({ outcome: 'failed', reason: 'connection refused' });
});

import { createProbe } from '../../../src/agent/probes/index.ts';
import { until } from '../../host/contract.ts';
import { ask, listen } from './server.ts';

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
  expect(Date.now() - began).toBeLessThan(3000);
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

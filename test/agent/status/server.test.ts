import { type AddressInfo, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { createStatusServer, listen, type Routes } from '../../../src/agent/status/server.ts';
import { until } from '../../host/contract.ts';
import { http } from '../running.ts';

const ROUTES: Routes = {
  'GET /health': () => ({ status: 200, body: 'ok\n' }),
  'POST /drain': (query) => ({ status: 200, body: `${query.get('service')}\n` }),
};

async function running() {
  const server = createStatusServer(ROUTES);
  await listen(server, { host: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const open = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  return {
    port,
    open,
    /** What comes back for these bytes until the server closes the connection. */
    raw: async (...parts: readonly string[]): Promise<string> => {
      const socket = open();
      let text = '';
      socket.on('data', (part) => (text += String(part)));
      for (const part of parts) socket.write(part);
      await once(socket, 'close');
      return text;
    },
    [Symbol.asyncDispose]: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a route is found by method and path; others are 404 and 405', async () => {
  await using it = await running();
  expect(await http(it, '/health')).toEqual({ status: 200, body: 'ok\n' });
  expect(await http(it, '/health?x=1')).toEqual({ status: 200, body: 'ok\n' });
  expect((await http(it, '/health', 'HEAD')).status).toBe(200);
  expect(await http(it, '/drain?service=db', 'POST')).toEqual({ status: 200, body: 'db\n' });
  expect((await http(it, '/health', 'POST')).status).toBe(405);
  expect((await http(it, '/constructor')).status).toBe(404);
  expect((await http(it, '//health')).status).toBe(404);
});

test('the Host header has no meaning, and none is needed', async () => {
  await using it = await running();
  expect(await it.raw('GET /health HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  expect(await it.raw('GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  expect(await it.raw('GET /health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
});

test('each connection gets one answer', async () => {
  await using it = await running();
  const twice = await it.raw('GET /health HTTP/1.1\r\n\r\nGET /health HTTP/1.1\r\n\r\n');
  expect(twice.match(/HTTP\/1.1 200/g)).toHaveLength(1);
});

test('no body is read: a request that announces a large one is answered and closed', async () => {
  await using it = await running();
  const request = 'POST /drain?service=db HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n';
  expect(await it.raw(request, 'x'.repeat(1000))).toMatch(/^HTTP\/1.1 200 [^]*db\n$/);
});

test('headers beyond 4 KiB and bytes that are no HTTP are refused', async () => {
  await using it = await running();
  expect(await it.raw(`GET /health HTTP/1.1\r\nX: ${'y'.repeat(5000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  expect(await it.raw('\u0016\u0003\u0001\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
});

test('a client that sends its request byte by byte is cut off after five seconds', async () => {
  await using it = await running();
  const socket = it.open();
  const began = performance.now();
  const drip = setInterval(() => socket.write('x'), 200);
  socket.write('GET /health HTTP/1.1\r\nX: ');
  await once(socket, 'close');
  clearInterval(drip);
  expect(performance.now() - began).toBeGreaterThan(4900);
  expect(performance.now() - began).toBeLessThan(15_000);
}, 30_000);

test('more than 32 silent clients do not pile up, and the server answers again when they are gone', async () => {
  await using it = await running();
  const silent = Array.from({ length: 40 }, () => it.open());
  await until(() => Promise.resolve(silent.filter(({ closed }) => closed).length >= 8));
  silent.forEach((socket) => socket.destroy());
  await until(async () => (await http(it, '/health').catch(() => undefined))?.status === 200);
});

import { createServer, type Server, type Socket } from 'node:net';
import { dial } from '../../../src/vm/reachability/dial.ts';

/** A server on loopback that does this with each connection. */
async function serving(handle: (socket: Socket) => void) {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    handle(socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const stop = { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())) };
  return { port, ...stop };
}

test.each<[string, (socket: Socket) => void, string]>([
  ['greets', (socket) => socket.write('220 ready\r\n'), 'open-with-bytes'],
  ['waits for the client, as a sidecar that looks for TLS', () => undefined, 'open-silent'],
  ['ends the connection', (socket) => socket.end(), 'closed'],
])('a client that waits for a greeting, at a server that %s', async (_what, handle, answer) => {
  await using server = await serving(handle);
  expect(await dial('127.0.0.1', server.port, { speaks: false, silenceMs: 200 })).toBe(answer);
});

test('a client that sends first sees what one that waits does not', async () => {
  await using server = await serving((socket) => socket.once('data', () => socket.destroy()));
  expect(await dial('127.0.0.1', server.port, { speaks: true, silenceMs: 200 })).toBe('closed');
  expect(await dial('127.0.0.1', server.port, { speaks: false, silenceMs: 200 })).toBe('open-silent');
});

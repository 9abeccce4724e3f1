import { once } from 'node:events';
import { connect } from 'node:net';

const CHUNK = Buffer.alloc(256 * 1024, 1);

/** What the link carries: milliseconds from the connect until the other side, which reads all, has closed. */
export async function sendBytes(address: string, port: number, bytes: number): Promise<number> {
  const began = performance.now();
  const socket = connect({ host: address, port, noDelay: true });
  socket.setTimeout(30_000, () => socket.destroy(new Error('the other side is silent')));
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  for (let left = bytes; left > 0; left -= CHUNK.length)
    if (!socket.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)) await once(socket, 'drain');
  socket.end();
  socket.resume();
  await closed;
  return performance.now() - began;
}

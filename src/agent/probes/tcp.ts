import { connect } from 'node:net';
import type { Attempt } from './attempt.ts';
import type { Method } from './method.ts';
import { ok, type ProbeResult } from './probe.ts';

/** Ready if the server accepts a connection. It gets no byte, nothing of it is read, and the attempt closes it at once. */
export async function tcp({ port }: Method<'tcp'>, attempt: Attempt): Promise<ProbeResult> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: attempt.address, port });
    // Node.js asks a socket for data as soon as it is connected, unless it is paused.
    socket.pause().once('connect', resolve).once('error', reject);
    attempt.onEnd(() => socket.destroy());
  });
  return ok('accepts connections');
}

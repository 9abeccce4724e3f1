import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { createProbe } from '../../../src/agent/probes/index.ts';
import { probeMethodSchema } from '../../../src/agent/probes/method.ts';
import type { ProbeResult, ProbeTarget } from '../../../src/agent/probes/probe.ts';

export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** Connections that the probe has not closed. */
  readonly open: () => number;
}

/** A server on a loopback port that treats each connection as `serve` says. */
export async function listen(serve: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs a method as it is written in a service file, once. */
export async function ask(method: unknown, target: Partial<ProbeTarget> = {}): Promise<ProbeResult> {
  const parsed = probeMethodSchema(1).parse(method);
  const probe = createProbe({ address: '127.0.0.1', timeoutMs: 5000, ...target, method: parsed });
  try {
    return await probe.run(AbortSignal.timeout(60_000));
  } finally {
    probe.close();
  }
}
/** Answers each chunk that arrives with the next of these messages. `greeting` is sent first. */
export function replies(greeting: Uint8Array | string, ...answers: readonly (Uint8Array | string)[]) {
  return (socket: Socket): void => {
    const left = [...answers];
    if (greeting.length > 0) socket.write(greeting);
    socket.on('data', () => socket.write(left.shift() ?? ''));
  };
}

/** As `replies`, and closes the connection after the last message. */
export function lastReplies(greeting: Uint8Array | string, ...answers: readonly (Uint8Array | string)[]) {
  return (socket: Socket): void => {
    const left = [...answers];
    if (left.length === 0) return void socket.end(greeting);
    socket.write(greeting);
    socket.on('data', () => (left.length > 1 ? socket.write(left.shift() ?? '') : socket.end(left.shift() ?? '')));
  };
}

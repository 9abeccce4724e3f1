import { connect as connectTcp, type Socket } from 'node:net';
import { hostProblems } from '../../problems/host.ts';
import { errorCode } from '../foreign-error.ts';

export interface SocketTarget {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A TCP connection with TCP_NODELAY, which ssh2 does not set: saves 45 ms per round trip. */
export async function openSocket(target: SocketTarget): Promise<Socket> {
  const { host, address, port, timeoutMs, signal } = target;
  const about = { host, address, port };
  const socket = connectTcp({ host: address, port, noDelay: true, keepAlive: true });
  const givenUp = () => socket.destroy(hostProblems.interrupted({ host, doing: 'the connection' }, signal?.reason));
  const late = () =>
    socket.destroy(hostProblems.unreachable({ ...about, reason: `no answer within ${timeoutMs / 1000} s` }));
  const timer = setTimeout(late, timeoutMs);
  if (signal?.aborted) givenUp();
  signal?.addEventListener('abort', givenUp, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return socket;
  } catch (error) {
    throw socketProblem(error, about);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', givenUp);
  }
}

function socketProblem(error: unknown, about: { host: string; address: string; port: number }): unknown {
  const code = errorCode(error);
  switch (code) {
    case undefined:
      return error;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return hostProblems.notFound(about, error);
    case 'ECONNREFUSED':
      return hostProblems.refused(about, error);
    default:
      return hostProblems.unreachable({ ...about, reason: code }, error);
  }
}

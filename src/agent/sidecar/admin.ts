import { type IncomingMessage, request } from 'node:http';
import { withTimeLimit } from '../../time-limit.ts';

/** Envoy's admin interface in a sidecar of Istio; capture leaves it alone. */
const ADMIN_PORT = 15000;
/** The clusters of a mesh of several thousand services. */
const LIMIT_BYTES = 16 * 1024 * 1024;

export interface AdminOptions {
  readonly signal: AbortSignal;
  /** Milliseconds for the whole answer. */
  readonly timeoutMs?: number;
  /** For tests. */
  readonly port?: number;
}

/**
 * The text of a page of the sidecar's Envoy: `/certs`, `/clusters`. Undefined when no one listens, the answer is not 200, is larger than
 * 16 MiB or takes too long. Any user could listen on the port while Envoy is down, so the text is untrusted.
 */
export async function askAdmin(path: string, options: AdminOptions): Promise<string | undefined> {
  const { timeoutMs = 5000, port = ADMIN_PORT } = options;
  return withTimeLimit(timeoutMs, options.signal, (signal) => {
    return new Promise((resolve) => {
      const asked = request({ host: '127.0.0.1', port, path, signal, agent: false }, (answer) => {
        void textOf(answer).then(resolve);
      });
      asked.once('error', () => resolve(undefined));
      asked.end();
    });
  });
}

function textOf(answer: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > LIMIT_BYTES) answer.destroy();
    else chunks.push(chunk);
  });
  // `close` follows an error, and decides.
  answer.on('error', () => answer.destroy());
  return new Promise((resolve) => {
    answer.once('close', () => {
      const whole = answer.complete && answer.statusCode === 200;
      resolve(whole ? Buffer.concat(chunks).toString('utf8') : undefined);
    });
  });
}

import { request } from 'node:http';

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
export function askAdmin(path: string, options: AdminOptions): Promise<string | undefined> {
  const { timeoutMs = 5000, port = ADMIN_PORT } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs)]);
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, signal, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LIMIT_BYTES) answer.destroy();
        else chunks.push(chunk);
      });
      answer.once('close', () => {
        const whole = answer.complete && answer.statusCode === 200;
        resolve(whole ? Buffer.concat(chunks).toString('utf8') : undefined);
      });
      // `close` follows, and decides.
      answer.on('error', () => answer.destroy());
    });
    asked.once('error', () => resolve(undefined));
    asked.end();
  });
}

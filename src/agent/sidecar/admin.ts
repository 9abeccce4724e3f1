import { exchange } from '../../cluster/api/live/http-exchange.ts';
import { withTimeLimit } from '../../time-limit.ts';

/** Envoy's admin interface in a sidecar of Istio; capture leaves it alone. */
const ADMIN_PORT = 15000;
/** The clusters of a mesh of several thousand services. */
const LIMIT_MIB = 16;

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
  const url = new URL(path, `http://127.0.0.1:${port}`);
  try {
    const { status, body } = await withTimeLimit(timeoutMs, options.signal, (signal) =>
      exchange(url, { signal, agent: false, mostMiB: LIMIT_MIB }),
    );
    return status === 200 ? body : undefined;
  } catch {
    // A sidecar that does not answer is a state that callers expect.
    return undefined;
  }
}

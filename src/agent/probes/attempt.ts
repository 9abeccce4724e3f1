import type { ProbeTarget } from './probe.ts';
import { plain } from './reason.ts';

/** What a probe fails with when the server, not the probe, is at fault. The message is the reason that is shown. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** One run of a probe: its time limit, and everything that must be closed when it ends. */
export class Attempt {
  readonly address: string;
  readonly timeoutMs: number;
  /** Rejects when the time is over or the probe is stopped. */
  readonly over: Promise<never>;
  readonly #credential: ProbeTarget['credential'];
  readonly #ends = new Set<(cause: Failure) => void>();
  readonly #timer: NodeJS.Timeout;
  #cause: Failure | undefined;
  #reject: (cause: Failure) => void = () => undefined;

  constructor(target: ProbeTarget) {
    this.address = target.address;
    this.timeoutMs = target.timeoutMs;
    this.#credential = target.credential;
    this.over = new Promise((_, reject) => (this.#reject = reject));
    // The race of the run may be over already.
    this.over.catch(() => undefined);
    this.#timer = setTimeout(() => this.end(new Failure(`no answer within ${target.timeoutMs} ms`)), target.timeoutMs);
  }

  /** Calls `close` when this run ends, for whatever reason; at once if it has ended. */
  onEnd(close: (cause: Failure) => void): void {
    if (this.#cause) close(this.#cause);
    else this.#ends.add(close);
  }

  /** Ends the run and closes all that it opened. Only the first call counts. */
  end(cause: Failure): void {
    if (this.#cause) return;
    this.#cause = cause;
    clearTimeout(this.#timer);
    this.#reject(cause);
    for (const close of this.#ends) close(cause);
    this.#ends.clear();
  }

  /** Returns the secret of this name, "" without a name. Throws a Failure that names it if it cannot be read. */
  async credential(name: string | undefined): Promise<string> {
    if (name === undefined) return '';
    try {
      if (this.#credential) return await this.#credential(name);
    } catch {
      // The error may hold the secret or its path.
    }
    throw new Failure(`cannot read credential ${name}`);
  }
}

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  EHOSTUNREACH: 'no route to the address',
  ENETUNREACH: 'no route to the address',
  EADDRNOTAVAIL: 'no route to the address',
  EACCES: 'connection not permitted',
  EPERM: 'connection not permitted',
  ENOENT: 'not found',
  ETIMEDOUT: 'connection timed out',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate does not cover the name or address',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  EMFILE: 'too many open files',
};

/** The reason for an error of a socket, a file or a program: visible ASCII, at most 160 characters. */
export function reasonOf(error: unknown): string {
  if (error instanceof Failure) return plain(error.message);
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  return plain((code !== undefined && CODES[code]) || message || 'failed');
}

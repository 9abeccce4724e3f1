import { connect } from 'node:net';

/** What a new connection from outside the mesh met; `open-with-bytes` when the server sent data. */
export type DialAnswer = 'open-with-bytes' | 'open-silent' | 'closed' | 'refused' | 'timeout';

/** Limit for a new connection, and by default for the silence after it. */
const LIMIT_MS = 3000;

/** How the client of a new connection behaves. */
export interface Dialling {
  /** Sends at once, as a client of HTTP; otherwise it waits for the server's greeting, as a client of MySQL or SMTP. */
  readonly speaks: boolean;
  /** How long it listens. */
  readonly silenceMs?: number;
}

/** Plaintext to a sidecar that requires TLS; any server answers it or closes the connection. */
const REQUEST = 'GET / HTTP/1.0\r\n\r\n';

/**
 * Opens a new connection from this machine, which is outside the mesh. A sidecar that requires mutual TLS closes one on which plaintext
 * arrives at once, and leaves one open on which nothing does.
 */
export function dial(address: string, port: number, { speaks, silenceMs = LIMIT_MS }: Dialling): Promise<DialAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let open = false;
    const end = (answer: DialAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(LIMIT_MS, () => end(open ? 'open-silent' : 'timeout'));
    socket.once('connect', () => {
      open = true;
      socket.setTimeout(silenceMs);
      if (speaks) socket.write(REQUEST);
    });
    socket.once('data', () => end('open-with-bytes'));
    socket.once('close', () => end('closed'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      // No route, or a firewall that rejects with an ICMP message.
      end(open ? 'closed' : error.code === 'ECONNREFUSED' ? 'refused' : 'timeout'),
    );
  });
}

import { connect } from 'node:net';

/** What a new connection from outside the mesh met; `open-with-bytes` when the server sent data. */
export type DialAnswer = 'open-with-bytes' | 'open-silent' | 'closed' | 'refused' | 'timeout';

/** Limit for a new connection, and for the silence of a server that sends first. */
const LIMIT_MS = 3000;

/** Plaintext to a sidecar that requires TLS; any server answers it or closes the connection. */
const REQUEST = 'GET / HTTP/1.0\r\n\r\n';

/**
 * Opens a new connection from this machine, which is outside the mesh. With `speaks` it sends data, so a sidecar that requires mutual
 * TLS closes the connection at once; otherwise it waits for the server until the limit.
 */
export function dial(address: string, port: number, { speaks }: { readonly speaks: boolean }): Promise<DialAnswer> {
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

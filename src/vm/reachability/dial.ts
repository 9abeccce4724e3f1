import { connect } from 'node:net';

/** What a new connection from outside the mesh met; `open-with-bytes` when the server sent data. */
export type DialAnswer = 'open-with-bytes' | 'open-silent' | 'closed' | 'refused' | 'timeout';

/** How long a new connection may take, and how long a server that speaks first may keep silent. */
const LIMIT_MS = 3000;

/** What a client of HTTP says. To a sidecar that wants TLS it is plaintext; to any server it is words at which it answers or hangs up. */
const WORDS = 'GET / HTTP/1.0\r\n\r\n';

/**
 * A new connection from this machine, which is outside the mesh: what it met first. One that speaks makes a sidecar that
 * takes mutual TLS only hang up at once; one that keeps silent is held until the limit, as it can say nothing about TLS.
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
      if (speaks) socket.write(WORDS);
    });
    socket.once('data', () => end('open-with-bytes'));
    socket.once('close', () => end('closed'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      // No route, or a firewall that says so: the machine was never met.
      end(open ? 'closed' : error.code === 'ECONNREFUSED' ? 'refused' : 'timeout'),
    );
  });
}

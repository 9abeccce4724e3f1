import { createServer, type IncomingMessage, type Server } from 'node:http';

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: 'application/json' | 'text/plain; version=0.0.4' | 'text/plain';
}

/** Answers one request by its method and path. */
export type Route = (query: URLSearchParams) => Answer;
/** `GET /status` and its route. */
export type Routes = Readonly<Record<string, Route>>;

/** Connections at a time, the bytes of one request's headers, and milliseconds until a client is cut off. */
const BOUNDS = { connections: 32, headers: 4096, life: 5000 } as const;

/**
 * A small HTTP server: one request a connection, no body read. A client that is not done within five seconds is cut off, however slowly it
 * sends or reads. With `hosts`, every other Host header is refused: a page in a browser of this machine must not read what is here by a
 * name of its own (DNS rebinding). Without, the header has no meaning.
 */
export function createStatusServer(routes: Routes, hosts?: readonly string[]): Server {
  const options = {
    maxHeaderSize: BOUNDS.headers,
    keepAlive: false,
    insecureHTTPParser: false,
    requireHostHeader: false,
  };
  const server = createServer(options, (request, response) => {
    const isForeign = hosts !== undefined && !hosts.includes(request.headers.host ?? '');
    const { status, body, type = 'text/plain' } = isForeign ? FOREIGN : answer(routes, request);
    response.writeHead(status, {
      'content-type': type,
      connection: 'close',
      'content-length': Buffer.byteLength(body),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  server.maxConnections = BOUNDS.connections;
  server.on('connection', (socket) => {
    const end = setTimeout(() => socket.destroy(), BOUNDS.life);
    socket.once('close', () => clearTimeout(end));
  });
  return server;
}

const FOREIGN: Answer = { status: 403, body: 'ask for 127.0.0.1 or localhost\n' };

function answer(routes: Routes, { method = '', url = '' }: IncomingMessage): Answer {
  const found = URL.canParse(url, 'http://agent') ? new URL(url, 'http://agent') : undefined;
  const path = found?.pathname ?? '';
  const asked = method === 'HEAD' ? 'GET' : method;
  const route = Object.hasOwn(routes, `${asked} ${path}`) ? routes[`${asked} ${path}`] : undefined;
  if (route) return route(found?.searchParams ?? new URLSearchParams());
  const isKnown = Object.keys(routes).some((each) => each.split(' ')[1] === path);
  return isKnown ? { status: 405, body: 'method not allowed\n' } : { status: 404, body: 'not found\n' };
}

/** Listens on a descriptor of systemd, a path, or an address. Rejects when that is not possible. */
export function listen(
  server: Server,
  on: { readonly fd: number } | { readonly path: string } | { readonly port: number; readonly host: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(on, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

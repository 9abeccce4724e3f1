import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import { type Attempt, Failure } from './attempt.ts';
import { Connection, type Endpoint } from './connection.ts';

const BODY = 65_536;

/** A response over HTTP/2. The body is cut after 64 KiB; trailers are those of a stream that ended. */
export interface Http2Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

/** Sends one request over HTTP/2 (RFC 9113): TLS must choose "h2" by ALPN; without TLS, by prior knowledge. */
export async function requestHttp2(
  attempt: Attempt,
  { port, tls }: Endpoint,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body?: Buffer },
): Promise<Http2Response> {
  const connection = await Connection.open(attempt, { port });
  if (tls && (await connection.startTls(tls, ['h2'])).alpnProtocol !== 'h2')
    throw new Failure('the server does not speak HTTP/2 over TLS');
  const session = opened(attempt, connection.release());
  const stream = session.request({ ':scheme': tls ? 'https' : 'http', ...headers }, { endStream: body === undefined });
  return await new Promise((resolve, reject) => {
    session.on('error', reject).on('goaway', () => reject(new Failure('the server refused the connection (GOAWAY)')));
    session.on('close', () => reject(new Failure('the server closed the connection')));
    stream.on('error', reject);
    collect(stream, resolve);
    if (body !== undefined) stream.end(body);
  });
}

function opened(attempt: Attempt, socket: Duplex): ClientHttp2Session {
  // The authority is not resolved: the connection is there.
  const session = connect('http://localhost', {
    createConnection: () => socket,
    maxSessionMemory: 1,
    settings: { enablePush: false, maxHeaderListSize: 16_384 },
  });
  session.on('error', () => undefined);
  attempt.onEnd(() => session.destroy());
  return session;
}

function collect(stream: ClientHttp2Stream, resolve: (response: Http2Response) => void): void {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const parts: Buffer[] = [];
  let length = 0;
  const done = (): void =>
    resolve({ status: Number(headers[':status'] ?? 0), headers, body: Buffer.concat(parts), trailers });
  stream.on('response', (received) => (headers = received)).on('trailers', (received) => (trailers = received));
  stream.on('data', (part: Buffer) => {
    parts.push(part);
    if ((length += part.length) > BODY) done();
  });
  stream.on('end', done);
}

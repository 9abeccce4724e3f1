import { request, type IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';

/** Bytes of a body that are read, and of all headers. */
const BODY = 65_536;
const HEADERS = 16_384;

/** A response; the body is cut after 64 KiB. */
export interface Response {
  readonly status: number;
  readonly body: string;
}

type Expected = Pick<Method<'http'>, 'status' | 'text'>;

/** Ready if GET answers with an expected status, and with the expected text if one is given. Redirects are not followed. */
export async function http(method: Method<'http'>, attempt: Attempt): Promise<ProbeResult> {
  return judged(await get(method, attempt), method);
}

/** GET over HTTP/1.1 (RFC 9112). The body is read only if `text` is expected. */
export async function get(
  method: Pick<Method<'http'>, 'port' | 'tls' | 'path' | 'host' | 'text'>,
  attempt: Attempt,
): Promise<Response> {
  const connection = await Connection.open(attempt, method);
  const socket = connection.release();
  const sent = request({
    createConnection: () => socket,
    path: method.path,
    headers: {
      host: method.host ?? authority(attempt.address, method.port),
      'user-agent': 'meshx',
      connection: 'close',
    },
    maxHeaderSize: HEADERS,
  });
  attempt.onEnd(() => sent.destroy());
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject).end();
  });
  response.on('error', () => undefined);
  const body = method.text === undefined ? '' : await start(response, BODY);
  return { status: response.statusCode ?? 0, body };
}

/** The first bytes of a stream as UTF-8. */
async function start(stream: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of stream) {
    parts.push(part);
    if ((length += part.length) >= limit) break;
  }
  return Buffer.concat(parts).subarray(0, limit).toString();
}

/** Whether a response is the expected one. */
export function judged({ status, body }: Response, expected: Expected): ProbeResult {
  const [from = 0, to = from] = expected.status.split('-').map(Number);
  if (status < from || status > to) return failed(`status ${status}`, { status });
  if (expected.text !== undefined && !body.includes(expected.text))
    return failed(`status ${status}, but the body lacks the expected text`, { status });
  return ok(`status ${status}`, { status });
}

/** The Host header for a server at this address. */
export function authority(address: string, port: number): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

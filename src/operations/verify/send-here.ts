import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Failure, type Header, MOST_BYTES, type Reply, type WebRequest } from '../../mesh/web-request.ts';
import { errorCode, errorName, errorText } from '../../cluster/api/foreign-error.ts';
import { withTimeLimit } from '../../time-limit.ts';

/** Sends a request from this machine, without the proxies that its environment names. Never throws but for an abort. */
export async function sendHere(request: WebRequest, signal: AbortSignal): Promise<Reply> {
  const began = performance.now();
  try {
    return await withTimeLimit(request.limitMs, signal, async (until) => {
      const response = await opened(request, until);
      const body = await bodyOf(response);
      return { ...headOf(response), body, ms: Math.round(performance.now() - began) };
    });
  } catch (error) {
    if (signal.aborted) throw error;
    return { failure: failureOf(error), detail: detailOf(error) };
  }
}

function opened({ method, url, headers, body }: WebRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const isForm = body !== undefined && !headers.some(([name]) => name.toLowerCase() === 'content-type');
  const fields = [
    ...headers,
    // As curl does with -d.
    ...(isForm ? [['content-type', 'application/x-www-form-urlencoded'] as const] : []),
    ...(body === undefined ? [] : [['content-length', String(Buffer.byteLength(body))] as const]),
  ];
  return new Promise((resolve, reject) => {
    const sent = send(url, { method, headers: groupedFields(fields), signal, agent: false }, resolve);
    sent.on('error', reject).end(body);
  });
}

/** A field that is given twice is sent twice, but for those that a request has once. */
function groupedFields(fields: readonly Header[]): Readonly<Record<string, string | string[]>> {
  const groups: Record<string, string[]> = {};
  for (const [name, value] of fields) (groups[name] ??= []).push(value);
  return Object.fromEntries(
    Object.entries(groups).map(([name, [first = '', ...more]]) => [name, more.length > 0 ? [first, ...more] : first]),
  );
}

function headOf(response: IncomingMessage) {
  const { httpVersion, statusCode: status = 0, statusMessage = '', rawHeaders, socket } = response;
  const headers = rawHeaders.flatMap((name, index): Header[] =>
    index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? '']] : [],
  );
  const end = (address: string | undefined, port: number | undefined): string =>
    `${address?.includes(':') ? `[${address}]` : address}:${port}`;
  return {
    line: `HTTP/${httpVersion} ${status} ${statusMessage}`.trimEnd(),
    ...{ status, headers },
    remote: end(socket.remoteAddress, socket.remotePort),
    local: end(socket.localAddress, socket.localPort),
  };
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > MOST_BYTES) break;
  }
  return Buffer.concat(parts).subarray(0, MOST_BYTES).toString('utf8');
}

const CODES: Readonly<Record<string, Failure>> = {
  ...{ ECONNREFUSED: 'refused', ENOTFOUND: 'no-address', EAI_AGAIN: 'no-address', ETIMEDOUT: 'timeout' },
  ...{ EHOSTUNREACH: 'unreachable', ENETUNREACH: 'unreachable', ECONNRESET: 'cut-off', EPIPE: 'cut-off' },
};

function failureOf(error: unknown): Failure {
  if (isTimeout(error)) return 'timeout';
  const code = String(errorCode(error) ?? '');
  if (/^(HPE_|ERR_HTTP)/.test(code)) return 'not-http';
  return /CERT|SELF_SIGNED|^ERR_(TLS|SSL)|^EPROTO$|^UNABLE_TO_/.test(code) ? 'tls' : (CODES[code] ?? 'other');
}

/** A request past its limit throws the limit's TimeoutError, or an AbortError. */
function isTimeout(error: unknown): boolean {
  return ['TimeoutError', 'AbortError'].includes(errorName(error) ?? '');
}

function detailOf(error: unknown): string {
  return isTimeout(error) ? 'the time limit is over' : errorText(error) || String(errorCode(error));
}

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { addAbortSignal } from 'node:stream';
import { errorCode, errorName, errorText } from '../../cluster/api/foreign-error.ts';
import { openExchange } from '../../cluster/api/live/http-exchange.ts';
import { environmentProxy, proxyAgent } from '../../cluster/api/live/proxy.ts';
import { Problem } from '../../problems.ts';
import { withTimeLimit } from '../../time-limit.ts';

export interface HttpSettings {
  /** HTTPS_PROXY, HTTP_PROXY, NO_PROXY, and SSL_CERT_FILE with roots instead of the built-in ones. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

const MOST_REDIRECTS = 5;
/** For the head of an answer, and without any byte of its body. */
const SILENCE_MS = 30_000;

/**
 * Sends a GET request and follows redirects, none from https to http. The body is still to be read. Throws `proxy-unusable`, the reason
 * of the signal, a RangeError about the answer, or the error of the connection.
 */
export async function httpGet(
  url: URL,
  { headers, ...settings }: HttpSettings & { readonly headers?: OutgoingHttpHeaders },
): Promise<IncomingMessage> {
  let at = url;
  for (let followed = 0; followed <= MOST_REDIRECTS; followed += 1) {
    const answer = await getOnce(at, { ...settings, headers: { ...headers, connection: 'close' } });
    const { statusCode = 0, headers: found } = answer;
    if (![301, 302, 303, 307, 308].includes(statusCode) || found.location === undefined) return answer;
    answer.destroy();
    at = redirected(at, found.location);
  }
  throw new RangeError(`it redirects more than ${MOST_REDIRECTS} times`);
}

function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new RangeError('it redirects to something that is no URL');
  const to = new URL(location, from);
  const isAllowed = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
  if (!isAllowed) throw new RangeError(`it redirects to ${shownUrl(to)}, which is not encrypted`);
  return to;
}

async function getOnce(
  url: URL,
  { env, signal, headers }: HttpSettings & { readonly headers: OutgoingHttpHeaders },
): Promise<IncomingMessage> {
  const proxy = environmentProxy(url, env);
  const agent = proxy && (await proxyAgent(proxy, url));
  const ca = await roots(env);
  try {
    const answer = await withTimeLimit(SILENCE_MS, signal, (limited) =>
      openExchange(url, { headers, signal: limited, ...(agent && { agent }), ...(ca && { ca }) }),
    );
    return addAbortSignal(signal, answer).setTimeout(SILENCE_MS, () =>
      answer.destroy(new Error(`no byte arrived for ${SILENCE_MS / 1000} s`)),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem || !proxy) throw error;
    throw new Error(`${reasonOf(error)}, through the proxy ${proxy.host}`, { cause: error });
  }
}

/** As curl and Go read it. */
async function roots(env: HttpSettings['env']): Promise<string | undefined> {
  const file = env['SSL_CERT_FILE'];
  return file ? await readFile(file, 'utf8') : undefined;
}

/** Reads a short text. Throws a RangeError if it is longer, or if the server answers anything but 200. */
export async function shortText(answer: IncomingMessage, mostBytes: number): Promise<string> {
  const { statusCode, statusMessage } = answer;
  if (statusCode !== 200) {
    answer.destroy();
    throw new RangeError(`the server answers ${statusCode} ${statusMessage}`);
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > mostBytes) throw new RangeError(`it is longer than ${mostBytes} bytes`);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** A URL for messages, without its user, password and query. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Why a request failed, in one line. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return errorText(error) || (code === undefined ? errorName(error) : String(code));
}

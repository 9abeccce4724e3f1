import { timingSafeEqual } from 'node:crypto';

/** What of a request decides whether it is answered. */
export interface GuardedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Names by which a browser on this machine may call the server. */
const NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * The status by which a request is refused; undefined if it may be answered. A page of another origin must not read from here, whatever
 * name it makes point to 127.0.0.1 (DNS rebinding): Host, Origin and Sec-Fetch-Site must be those of this server. Data needs the token.
 */
export function refusal(
  request: GuardedRequest,
  server: { readonly port: number; readonly token: string },
): number | undefined {
  const { method, path, headers } = request;
  const hosts = NAMES.map((name) => `${name}:${server.port}`);
  const host = headers['host'];
  if (typeof host !== 'string' || !hosts.includes(host)) return 421;
  if (method !== 'GET' && method !== 'HEAD') return 405;
  const { origin, 'sec-fetch-site': site } = headers;
  if (origin !== undefined && origin !== `http://${host}`) return 403;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 403;
  return path === '/events' && !isToken(headers['authorization'], server.token) ? 401 : undefined;
}

function isToken(header: unknown, token: string): boolean {
  const [given, wanted] = [Buffer.from(typeof header === 'string' ? header : ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Headers of every answer: the page loads nothing of another origin, is framed by none, and tells none its address. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

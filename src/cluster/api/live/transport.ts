import { request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { withTimeLimit } from '../../../host/run/time-limit.ts';
import { mapping } from '../../../mesh/unknown.ts';
import { Problem } from '../../../problems.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import { errorCode, errorName, errorText } from '../foreign-error.ts';
import type { Asked } from '../kubernetes.ts';
import type { ApiConnection } from './api-connection.ts';

/** The largest answer that meshx reads, bytes: a list of many thousand objects, not an endless stream. */
const MAX_ANSWER = 256 * 1024 * 1024;
const TRIES = 3;
const FIRST_PAUSE_MS = 200;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query; each segment is encoded by who builds it. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Imperative, for people: "get Service vm/mysqldb". */
  readonly summary: string;
  /** True when sending it twice does the same as once: it is sent again after 429 and 5xx. */
  readonly repeatable: boolean;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  /** Seconds of a Retry-After header. */
  readonly retryAfter?: number;
}

export interface TransportOptions {
  /** Limit of each request, milliseconds. */
  readonly timeoutMs: number;
  /** Hears of each request when it has ended; one that is sent again counts again. */
  readonly tell?: (asked: Asked) => void;
}

/** Sends requests to one API server with the credentials of one context, each within a limit. */
export class Transport {
  readonly #credentials: ApiConnection;
  readonly #timeoutMs: number;
  readonly #tell: TransportOptions['tell'];

  constructor(credentials: ApiConnection, { timeoutMs, tell }: TransportOptions) {
    this.#credentials = credentials;
    this.#timeoutMs = timeoutMs;
    this.#tell = tell;
  }

  /** The answer, whatever its status. Throws a Problem when there is none. */
  async send(request: ApiRequest, signal?: AbortSignal): Promise<ApiAnswer> {
    let refreshed = false;
    for (let tried = 1; ; tried += 1) {
      const began = performance.now();
      const answer = await this.#once(request, signal, request.repeatable && tried < TRIES);
      this.#told(request, answer, performance.now() - began);
      if (answer?.status === 401 && !refreshed) {
        // A token of an exec plugin may have run out since it was asked: ask the plugin once more.
        refreshed = true;
        this.#credentials.forget();
        continue;
      }
      if (answer !== undefined && !(request.repeatable && tried < TRIES && isTransient(answer.status))) return answer;
      const pause = Math.min((answer?.retryAfter ?? 0) * 1000 || FIRST_PAUSE_MS * 2 ** (tried - 1), this.#timeoutMs);
      await delay(pause, undefined, { signal }).catch((error: unknown) => {
        throw clusterProblems.interrupted({ request: request.summary }, error);
      });
    }
  }

  /** Undefined when the connection broke and the request may be sent again. */
  async #once(
    request: ApiRequest,
    signal: AbortSignal | undefined,
    mayRepeat: boolean,
  ): Promise<ApiAnswer | undefined> {
    const stop = signal ?? new AbortController().signal;
    try {
      // A credential plugin has a limit of its own: it may wait for a person.
      const options = await unlessAborted(this.#credentials.options(stop), stop);
      return await withTimeLimit(this.#timeoutMs, stop, (until) =>
        exchange(this.#credentials.server, options, request, until),
      );
    } catch (error) {
      if (stop.aborted) throw clusterProblems.interrupted({ request: request.summary }, error);
      if (isTimeout(error)) throw this.#timedOut(request, error);
      if (mayRepeat && errorCode(error) === 'ECONNRESET') return undefined;
      throw this.#translated(error);
    }
  }

  #told({ summary: name, body }: ApiRequest, answer: ApiAnswer | undefined, ms: number): void {
    const sent = body === undefined ? 0 : Buffer.byteLength(JSON.stringify(body));
    const received = Buffer.byteLength(answer?.body ?? '');
    this.#tell?.({ cluster: this.#credentials.name, name, ms, sent, received });
  }

  #timedOut(request: ApiRequest, cause: unknown): Error {
    const { name: cluster } = this.#credentials;
    return clusterProblems.timedOut({ cluster, request: request.summary, seconds: this.#timeoutMs / 1000 }, cause);
  }

  #translated(error: unknown): unknown {
    const code = errorCode(error);
    if (error instanceof Problem || typeof code !== 'string') return error;
    const reason = errorText(error) || code;
    const details = { cluster: this.#credentials.name, server: this.#credentials.server.origin, reason };
    return TLS_CODES.test(code)
      ? clusterProblems.untrusted(details, error)
      : clusterProblems.unreachable(details, error);
  }
}

const TLS_CODES = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|^EPROTO$/;

/** What a request throws that was aborted by its limit: the limit's reason, or an AbortError with it as its cause. */
function isTimeout(error: unknown): boolean {
  return [error, mapping(error)['cause']].some((each) => errorName(each) === 'TimeoutError');
}

function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function exchange(server: URL, options: RequestOptions, request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers = {
    ...options.headers,
    accept: 'application/json',
    'user-agent': 'meshx',
    ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
  };
  const send = server.protocol === 'http:' ? requestHttp : requestHttps;
  // The server of a kubeconfig may have a path: gateways that front several clusters do.
  const url = new URL(server.pathname.replace(/\/$/, '') + request.path, server.origin);
  return new Promise((resolve, reject) => {
    const sent = send(url, { ...options, method: request.method, headers, signal }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        size += part.length;
        if (size > MAX_ANSWER) response.destroy(new RangeError('the answer is larger than 256 MiB'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const seconds = Number(response.headers['retry-after']);
        const retryAfter = Number.isFinite(seconds) && seconds > 0 ? { retryAfter: seconds } : {};
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8'), ...retryAfter });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

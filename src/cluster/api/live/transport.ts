import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { withTimeLimit } from '../../../time-limit.ts';
import { mapping } from '../../../mesh/unknown.ts';
import { Problem } from '../../../problems.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import { errorCode, errorName, errorText } from '../foreign-error.ts';
import type { Asked } from '../kubernetes.ts';
import type { ApiConnection } from './api-connection.ts';
import { exchange, openExchange } from './http-exchange.ts';
import { openWebSocket } from './web-socket.ts';

/** Enough for a list of many thousand objects. */
const MOST_MIB = 256;
const TRIES = 3;
const FIRST_PAUSE_MS = 200;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query, already encoded. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Imperative, for people: "get Service vm/mysqldb". */
  readonly summary: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  /** Seconds of a Retry-After header. */
  readonly retryAfter?: number;
}

export interface TransportOptions {
  /** Of each request. */
  readonly timeoutMs: number;
  /** Called after each request, repeats included. */
  readonly tell?: (asked: Asked) => void;
}

/**
 * Sends requests to one API server with the credentials of one context, each within a time limit. Every request of meshx
 * does the same when it is sent twice, so it is sent again after 429, 5xx and a reset connection.
 */
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
      const mayRepeat = tried < TRIES;
      const answer = await this.#once(request, signal, mayRepeat);
      this.#told(request, answer, performance.now() - began);
      if (answer?.status === 401 && !refreshed) {
        // The token of an exec plugin may have expired: run the plugin once more.
        refreshed = true;
        this.#credentials.forget();
        continue;
      }
      if (answer !== undefined && !(mayRepeat && isTransient(answer.status))) return answer;
      const pause = Math.min((answer?.retryAfter ?? 0) * 1000 || FIRST_PAUSE_MS * 2 ** (tried - 1), this.#timeoutMs);
      await delay(pause, undefined, { signal }).catch((error: unknown) => {
        throw clusterProblems.interrupted({ request: request.summary }, error);
      });
    }
  }

  /** An answer whose end may be far away: the time limit is for its beginning. Only `signal` ends it. */
  async stream({ path, summary }: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    return await this.#begun({ path, summary }, signal, (url, options, until) =>
      openExchange(url, { ...options, method: 'GET', signal: until }),
    );
  }

  /** Sends a GET whose answer has no near end. The time limit is for its beginning. */
  async #begun<Answer>(
    { path, summary }: Pick<ApiRequest, 'path' | 'summary'>,
    signal: AbortSignal,
    send: (url: URL, options: RequestOptions, until: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      const options = await unlessAborted(this.#credentials.options(signal), signal);
      const headers = { ...options.headers, 'user-agent': 'meshx' };
      const url = urlOf(this.#credentials.server, path);
      return await withTimeLimit(this.#timeoutMs, signal, (until) => send(url, { ...options, headers }, until));
    } catch (error) {
      if (signal.aborted) throw clusterProblems.interrupted({ request: summary }, error);
      if (isTimeout(error)) throw this.#timedOut({ method: 'GET', path, summary }, error);
      throw this.#translated(error);
    }
  }

  /** Changes to another protocol, or the answer of a server that does not. `signal` ends the request only. */
  async upgrade(
    { path, summary }: ApiRequest,
    protocol: string,
    signal: AbortSignal,
  ): Promise<{ readonly socket: WebSocket } | { readonly answer: ApiAnswer }> {
    return await this.#begun({ path, summary }, signal, async (url, options, until) => {
      const upgrade = await openWebSocket(url, protocol, { ...options, signal: until });
      if (!('refusal' in upgrade)) return upgrade;
      const { refusal } = upgrade;
      return { answer: { status: refusal.statusCode ?? 0, body: await beginningOf(refusal) } };
    });
  }

  /** Undefined when the connection was reset and the request may be sent again. */
  async #once(
    request: ApiRequest,
    signal: AbortSignal | undefined,
    mayRepeat: boolean,
  ): Promise<ApiAnswer | undefined> {
    const stop = signal ?? new AbortController().signal;
    try {
      // A credential plugin may wait for a person, so it has its own time limit.
      const options = await unlessAborted(this.#credentials.options(stop), stop);
      return await withTimeLimit(this.#timeoutMs, stop, (until) =>
        ask(this.#credentials.server, options, request, until),
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

const BEGINNING = 65_536;

/** Enough of an answer to say why a request was refused. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let body = '';
  for await (const part of response) {
    body += String(part);
    if (body.length > BEGINNING) break;
  }
  return body.slice(0, BEGINNING);
}

const TLS_CODES = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|^EPROTO$/;

/** A request past its limit throws the limit's TimeoutError, or an AbortError caused by it. */
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

/** A gateway in front of several clusters gives each a path of its own. */
function urlOf(server: URL, path: string): URL {
  return new URL(server.pathname.replace(/\/$/, '') + path, server.origin);
}

async function ask(server: URL, options: RequestOptions, request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
  const { method, path, body, contentType = 'application/json' } = request;
  const url = urlOf(server, path);
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': contentType };
  const headers = { ...options.headers, 'user-agent': 'meshx', ...type };
  const answer = await exchange(url, { ...options, method, headers, signal, mostMiB: MOST_MIB, ...sent });
  const seconds = Number(answer.headers['retry-after']);
  return { status: answer.status, body: answer.body, ...(seconds > 0 && { retryAfter: seconds }) };
}

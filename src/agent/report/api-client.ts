import { Agent, request } from 'node:https';
import { errorCode, errorText } from '../../cluster/api/foreign-error.ts';
import { exchange } from '../../cluster/api/live/http-exchange.ts';
import { tryJson } from '../../documents/json.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { withTimeLimit } from '../../time-limit.ts';
import type { ApiServer } from '../settings.ts';
import type { TokenFile } from './credential.ts';

export interface AgentRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** With its query, already encoded. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** What an API server answered, whatever its status. */
export interface AgentAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The reason of a failure, in the words of the API server. */
  readonly message: string;
  /** Of a Retry-After header. */
  readonly retryAfterMs?: number;
}

export interface ApiClientOptions {
  /** Tried in order; at least one. */
  readonly servers: readonly ApiServer[];
  readonly token: TokenFile;
  /** Of each request. */
  readonly timeoutMs?: number;
  /** A watch without a line for so long is over. */
  readonly idleMs?: number;
}

/** No API server answered. The message names each one and why. */
export class NoAnswer extends Error {
  /** A server took longer than the time limit: it may have too much to do. */
  readonly isLate: boolean;

  constructor(message: string, isLate = false) {
    super(message);
    this.isLate = isLate;
  }
}

const TIMEOUT_MS = 5000;
/** Until one has answered, a server that is silent must not hold up the next one. */
const FIRST_TIMEOUT_MS = 2000;
/** The API server sends a bookmark about once a minute. */
const IDLE_MS = 150_000;
/** One object: etcd keeps none larger than 1.5 MiB. */
const MOST_MIB = 4;

/** Retry-After is honoured up to this; the agent must not fall silent for hours. */
const LONGEST_PAUSE_MS = 60_000;

interface Limits {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly limit: number;
}

interface Place {
  readonly url: URL;
  readonly agent: Agent;
}

/**
 * A client for the few requests of an agent. It reads the token from its file for each request, trusts only the given certificate
 * authority, follows no redirect, and stays with the server that answered last. Names are resolved again for each new connection.
 */
export class ApiClient {
  readonly #places: readonly Place[];
  readonly #options: Required<ApiClientOptions>;
  #current = 0;
  #answered = false;

  constructor(options: ApiClientOptions) {
    this.#options = { timeoutMs: TIMEOUT_MS, idleMs: IDLE_MS, ...options };
    this.#places = options.servers.map(placeOf);
  }

  /** The server that answered last. */
  get server(): string | undefined {
    return this.#answered ? this.#places[this.#current]?.url.origin : undefined;
  }

  /** Sends the request to one server after the other. Throws `NoAnswer`, and the reason of an aborted signal. */
  async send(asked: AgentRequest, signal: AbortSignal): Promise<AgentAnswer> {
    const reasons: string[] = [];
    let isLate = false;
    const order = this.#inOrder();
    for (const [index, place] of order) {
      try {
        const isLast = place === order.at(-1)?.[1];
        const limit = this.#answered || isLast ? this.#options.timeoutMs : FIRST_TIMEOUT_MS;
        const answer = await this.#once(place, asked, { signal, limit });
        this.#current = index;
        this.#answered = true;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        reasons.push(`${place.url.host}: ${reasonOf(error)}`);
        // Only the time limit can have aborted it.
        isLate ||= errorCode(error) === 'ABORT_ERR';
        this.#forget(place);
      }
    }
    throw new NoAnswer(reasons.join('; '), isLate);
  }

  /**
   * Hands each line of a watch to `onLine`, until the server ends it or the signal aborts. Throws when it cannot be opened, and when the
   * connection breaks or falls silent.
   */
  async watch(path: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    const place = this.#places[this.#current];
    if (place === undefined) throw new NoAnswer('there is no API server');
    const headers = await this.#headers();
    const { timeoutMs, idleMs } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const sent = request(new URL(path, place.url), { agent: place.agent, headers, signal }, (response) => {
        sent.setTimeout(idleMs);
        if (response.statusCode !== 200) {
          reject(new Error(`status ${response.statusCode}`));
          response.destroy();
          return;
        }
        let rest = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          const lines = (rest + part).split('\n');
          rest = lines.pop() ?? '';
          lines.filter((line) => line !== '').forEach(onLine);
          if (rest.length > MOST_MIB * 1024 * 1024) response.destroy(new RangeError('a line is too long'));
        });
        response.on('error', reject).on('end', resolve);
      });
      sent.setTimeout(timeoutMs, () => sent.destroy(new Error('it was silent for too long')));
      sent.on('error', reject).end();
    });
  }

  /** Closes all connections. */
  close(): void {
    for (const { agent } of this.#places) agent.destroy();
  }

  #inOrder(): readonly (readonly [number, Place])[] {
    const all = [...this.#places.entries()];
    return [...all.slice(this.#current), ...all.slice(0, this.#current)];
  }

  async #once(place: Place, asked: AgentRequest, limits: Limits): Promise<AgentAnswer> {
    try {
      return await this.#ask(place, asked, limits);
    } catch (error) {
      // A kept connection that the server closed meanwhile. Each request of the agent may be sent twice.
      if (limits.signal.aborted || !['ECONNRESET', 'EPIPE'].includes(String(errorCode(error)))) throw error;
      this.#forget(place);
      return await this.#ask(place, asked, limits);
    }
  }

  async #ask(place: Place, asked: AgentRequest, { signal, limit }: Limits): Promise<AgentAnswer> {
    const { method, path, body, contentType = 'application/json' } = asked;
    const type = body === undefined ? {} : { 'content-type': contentType };
    const headers = { ...(await this.#headers()), ...type };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await withTimeLimit(limit, signal, (until) =>
      exchange(new URL(path, place.url), {
        method,
        headers,
        agent: place.agent,
        signal: until,
        mostMiB: MOST_MIB,
        ...sent,
      }),
    );
    return parsed(answer.status, answer.body, answer.headers['retry-after']);
  }

  async #headers(): Promise<Readonly<Record<string, string>>> {
    return { authorization: `Bearer ${await this.#options.token.read()}`, 'user-agent': 'meshx-agent' };
  }

  /** The next request opens a new connection. Its handshake is short: the TLS session is kept. */
  #forget(place: Place): void {
    place.agent.destroy();
  }
}

function placeOf({ server, ca }: ApiServer): Place {
  // Set explicitly: NODE_TLS_REJECT_UNAUTHORIZED must not decide.
  const trust = { ca, rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
  // One for the watch and one for all requests: most of what an agent costs an API server that starts again is its handshakes.
  return { url: new URL(server), agent: new Agent({ keepAlive: true, maxSockets: 2, ...trust }) };
}

/** A gateway, a captive portal or a redirect is no answer of an API server. */
function parsed(status: number, body: string, retryAfter: string | undefined): AgentAnswer {
  const value = tryJson(body);
  // Priority and fairness of the API server says 429 in plain text.
  const isAnswer = status === 429 || typeof mapping(value)['kind'] === 'string';
  if (!isAnswer) throw new Error(`status ${status} without a Kubernetes object`);
  const seconds = Number(retryAfter);
  return {
    status,
    body: mapping(value),
    message: text(mapping(value)['message']) ?? `status ${status}`,
    ...(seconds > 0 && { retryAfterMs: Math.min(seconds * 1000, LONGEST_PAUSE_MS) }),
  };
}

function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return errorText(error) || (code === undefined ? 'no answer' : String(code));
}

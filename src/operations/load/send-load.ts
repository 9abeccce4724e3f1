import { Agent, request as requestHttp } from 'node:http';
import { Agent as TlsAgent, request as requestHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, errorText } from '../../cluster/api/foreign-error.ts';
import { type Answer, type LoadSummary, summaryOf } from './summary.ts';

/** Requests to send. */
export interface LoadOptions {
  readonly url: URL;
  readonly requests: number;
  readonly connections: number;
  /** Requests per second; as fast as answers come when absent. */
  readonly rate?: number;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of each request. */
  readonly timeoutMs: number;
}

/** Of one answer: more is counted and thrown away. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Sends the requests at the given rate, and says what came back. An abort ends it early. */
export async function sendLoad(options: LoadOptions, signal: AbortSignal): Promise<LoadSummary> {
  const agent = agentFor(options);
  const began = performance.now();
  const answers: Answer[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = next;
      if (index >= options.requests || signal.aborted) return;
      next += 1;
      if (!(await until(began + dueAt(options, index), signal))) return;
      answers.push(await sendOne(options, agent, signal));
    }
  };
  await Promise.all(Array.from({ length: options.connections }, worker));
  const ms = performance.now() - began;
  agent.destroy();
  const complete = answers.filter(({ failure }) => failure !== 'aborted');
  return summaryOf({
    wanted: options.requests,
    ...(options.rate !== undefined && { rate: options.rate }),
    answers: complete,
    ms,
  });
}

/** When a request is due, milliseconds after the start. Its place in time does not depend on how long others take. */
function dueAt({ rate }: LoadOptions, index: number): number {
  return rate === undefined ? 0 : (index / rate) * 1000;
}

/** False if the run was ended. */
async function until(at: number, signal: AbortSignal): Promise<boolean> {
  const left = at - performance.now();
  if (left <= 0) return !signal.aborted;
  return await delay(left, true, { signal }).catch(() => false);
}

function agentFor({ url, connections }: LoadOptions): Agent {
  const settings = { keepAlive: true, maxSockets: connections };
  return url.protocol === 'https:' ? new TlsAgent(settings) : new Agent(settings);
}

function sendOne(
  { url, method, headers, body, timeoutMs }: LoadOptions,
  agent: Agent,
  signal: AbortSignal,
): Promise<Answer> {
  const began = performance.now();
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    let bytes = 0;
    const ended = (status: number, failure?: string): void =>
      resolve({ status, bytes, ms: performance.now() - began, ...(failure !== undefined && { failure }) });
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = send(url, { method, agent, signal, headers: { 'user-agent': 'meshx-load', ...headers, ...length } });
    const timer = setTimeout(() => sent.destroy(new Error('timeout')), timeoutMs);
    const failed = (error: unknown): void => {
      clearTimeout(timer);
      ended(0, signal.aborted ? 'aborted' : String(errorCode(error) ?? errorText(error)));
    };
    sent.on('error', failed).on('response', (response) => {
      response.on('error', failed).on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > MOST_BYTES) response.destroy(new Error(`an answer has more than ${MOST_BYTES} bytes`));
      });
      response.on('end', () => {
        clearTimeout(timer);
        ended(response.statusCode ?? 0);
      });
    });
    sent.end(body);
  });
}

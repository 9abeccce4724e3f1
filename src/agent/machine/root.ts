import { connect } from 'node:net';
import { withTimeLimit } from '../../time-limit.ts';
import { visible } from '../../visible.ts';
import type { Log } from '../log.ts';

/** What root does for the agent: the verbs of systemd/agent-root. */
export type RootVerb =
  | 'restore-rules'
  | 'restore-resolver'
  | 'restore-files'
  | 'check-files'
  | 'start-sidecar'
  | 'follow-address'
  | 'reconnect-sidecar'
  | 'renew-token'
  | 'renew-roots';

/** `unreachable`: root did not answer, or not in the form of agent-root. */
export interface RootAnswer {
  readonly outcome: 'done' | 'nothing to do' | 'refused' | 'unreachable';
  /** Why it was refused or unreachable, in visible characters. */
  readonly reason: string;
}

/** meshx-agent-root.socket. */
const SOCKET = '/run/meshx-agent/root.sock';
/** agent-root may wait for another request, and restart the sidecar. Its unit ends it at 240 s. */
const LIMIT_MS = 250_000;
/** Characters of an answer. */
const LONGEST = 256;

export interface RootOptions {
  readonly signal: AbortSignal;
  /** For tests. */
  readonly socket?: string;
  readonly timeoutMs?: number;
}

/** Asks root for one verb. Never throws: an agent without root still reports. */
export async function askRoot(verb: RootVerb, options: RootOptions): Promise<RootAnswer> {
  const { signal, socket = SOCKET, timeoutMs = LIMIT_MS } = options;
  try {
    return parseAnswer(await withTimeLimit(timeoutMs, signal, (until) => exchange(socket, `${verb}\n`, until)));
  } catch (error) {
    return { outcome: 'unreachable', reason: visible(error instanceof Error ? error.message : String(error)) };
  }
}

/** Makes the sidecar open new connections to istiod, and logs what came of it. */
export async function reconnectSidecar(log: Log, signal: AbortSignal): Promise<void> {
  const { outcome, reason } = await askRoot('reconnect-sidecar', { signal });
  const level = outcome === 'done' ? 'notice' : 'warning';
  if (!signal.aborted) log('sidecar-reconnect', { outcome, reason: reason || undefined }, level);
}

function parseAnswer(text: string): RootAnswer {
  const [line = ''] = text.split('\n');
  if (line === 'done' || line === 'nothing to do') return { outcome: line, reason: '' };
  const [, reason] = /^refused: (.*)$/.exec(line) ?? [];
  if (reason !== undefined) return { outcome: 'refused', reason: visible(reason) };
  return { outcome: 'unreachable', reason: 'agent-root gave no answer: journalctl -t meshx-agent-root' };
}

function exchange(path: string, line: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    let answer = '';
    const stop = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      answer += part;
      if (answer.length > LONGEST) socket.destroy(new Error('the answer of agent-root is too long'));
    });
    socket.once('error', reject);
    socket.once('close', () => {
      signal.removeEventListener('abort', stop);
      resolve(answer);
    });
    socket.write(line);
  });
}

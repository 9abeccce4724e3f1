import type { Host } from '../../host/host.ts';
import type { Proof } from '../proof.ts';
import type { ProveInput } from '../prove-input.ts';
import type { Connect } from './connect-shell.ts';
import { type Answer, Questions } from './questions.ts';
import type { QuestionName } from './scripts.ts';

/** What a check gives: a proof without its name and its time. */
export type Verdict = Pick<Proof, 'ok' | 'detail'> & { readonly hint?: string };

/** One thing to be proved. */
export interface Check {
  readonly id: string;
  readonly title: string;
  readonly look: (asking: Asking) => Promise<Verdict>;
}

/** What a check may use. */
export interface Asking {
  readonly input: ProveInput;
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
  /** Asks the VM, or another host, as root; gives what it printed. */
  readonly ask: (name: QuestionName, words: readonly string[], on?: Host) => Promise<string>;
  /** The same of a connection that is made there. */
  readonly connect: (to: Connect, on?: Host) => Promise<string>;
  /** Access-log lines of the VM that earlier checks saw, per port. */
  readonly logs: Map<number, readonly string[]>;
}

/** The asking of one run of proofs: of each check, with what was waited for others in it. */
export function askingOf(host: Host, input: ProveInput, signal: AbortSignal | undefined): () => OwnAsking {
  const limitMs = input.limitMs ?? 30_000;
  const questions = new Questions({ limitMs, signal });
  const logs = new Map<number, readonly string[]>();
  return () => {
    let idle = 0;
    const own = async (answering: Promise<Answer>): Promise<string> => {
      const answer = await answering;
      idle += answer.idle;
      return answer.stdout;
    };
    return {
      ...{ input, limitMs, signal, logs },
      ask: (name, words, on = host) => own(questions.ask(on, { name, words })),
      connect: (to, on = host) => own(questions.ask(on, to)),
      idle: () => idle,
    };
  };
}

/** Milliseconds that a check has waited for answers to other ones are not its own. */
interface OwnAsking extends Asking {
  readonly idle: () => number;
}

/** Asks again until the answer is good or the limit is over: what the cluster sees follows the VM by some seconds. */
export async function untilOk(ask: () => Promise<Verdict>, { limitMs, signal }: Asking): Promise<Verdict> {
  const end = performance.now() + limitMs;
  for (;;) {
    const verdict = await ask();
    if (verdict.ok !== false || performance.now() >= end) return verdict;
    await pause(200, signal);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      // as: an AbortSignal's reason is whatever the caller aborted with; it passes through unchanged.
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

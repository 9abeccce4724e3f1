import type { Host } from '../../host/host.ts';
import { scriptCommand } from '../../host/shell.ts';
import type { Proof } from '../proof.ts';
import type { ProveInput } from '../prove-input.ts';
import { proofScript } from './scripts.ts';

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
  /** Runs a script of proofs/scripts.ts on the VM, or on another host, as root; gives what it printed. */
  readonly ask: (name: Parameters<typeof proofScript>[0], args: readonly string[], on?: Host) => Promise<string>;
  /** Access-log lines of the VM that earlier checks saw, per port. */
  readonly logs: Map<number, readonly string[]>;
}

/** The asking of one run of proofs. */
export function askingOf(host: Host, input: ProveInput, signal: AbortSignal | undefined): Asking {
  const limitMs = input.limitMs ?? 30_000;
  return {
    input,
    limitMs,
    signal,
    logs: new Map(),
    ask: async (name, args, on = host) => {
      const script = proofScript(name, Math.ceil(limitMs / 1000), args);
      // The script has its own limit; a connection that waits for its log takes a little longer.
      const output = await on.run({ ...scriptCommand(script), timeoutMs: limitMs + 30_000 }, signal);
      return output.stdout;
    },
  };
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

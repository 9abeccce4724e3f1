import { setTimeout as delay } from 'node:timers/promises';
import { clusterProblems } from '../../problems/cluster.ts';

export interface PollOptions {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
  /** For the message of an interruption: `wait for …`. */
  readonly what: string;
}

/** Repeats `look` until `done` or the timeout, and returns the last result. The first call is immediate. */
export async function poll<Look>(
  look: () => Promise<Look>,
  done: (look: Look) => boolean,
  options: PollOptions,
): Promise<Look> {
  const end = performance.now() + options.timeoutMs;
  for (;;) {
    const seen = await look();
    const left = end - performance.now();
    if (done(seen) || left <= 0) return seen;
    await delay(Math.min(options.intervalMs ?? 1000, left), undefined, { signal: options.signal }).catch(
      (error: unknown) => {
        throw clusterProblems.interrupted({ request: options.what }, error);
      },
    );
  }
}

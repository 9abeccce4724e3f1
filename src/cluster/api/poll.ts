import { setTimeout as delay } from 'node:timers/promises';
import { clusterProblems } from '../../problems/cluster.ts';

export interface PollOptions {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
  /** What is waited for, for the message of an interruption. */
  readonly what: string;
}

/**
 * Looks again and again until `done`, and gives the last look in any case: the caller says what is missing when the time
 * is over. The first look is immediate.
 */
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

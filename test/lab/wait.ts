import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds. */
export interface Limit {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Asks until the answer is neither undefined nor false, and gives it. After the limit (45 s unless given) it throws,
 * naming what was waited for and the last error of the question.
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  limit: Limit = {},
): Promise<T> {
  const end = Date.now() + (limit.timeoutMs ?? 45_000);
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end)
      throw new Error(`gave up waiting: ${what}${last ? ` (${String(last)})` : ''}`, { cause: last });
    await pause(limit.everyMs ?? 100);
  }
}

import { setTimeout as delay } from 'node:timers/promises';

/** What came of a source within a short time, as one list: many changes at once are one. Ends, and fails, with the source. */
export async function* batches<Item>(
  source: AsyncIterable<Item>,
  quietMs: number,
  signal: AbortSignal,
): AsyncIterable<readonly Item[]> {
  const iterator = source[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const first = await next;
      if (first.done === true) return;
      const items = [first.value];
      const quiet = delay(quietMs, 'quiet' as const, { signal });
      quiet.catch(() => undefined);
      next = iterator.next();
      for (;;) {
        const other = await Promise.race([next, quiet]);
        // What ended or failed is met again above.
        if (other === 'quiet' || other.done === true) break;
        items.push(other.value);
        next = iterator.next();
      }
      yield items;
    }
  } finally {
    // The source may still wait for its next item; the signal ends that wait.
    next.catch(() => undefined);
    void iterator.return?.()?.then(undefined, () => undefined);
  }
}

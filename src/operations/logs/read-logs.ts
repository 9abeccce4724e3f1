import { type AccessEntry, joined } from '../../mesh/access-entry.ts';
import { type LogSource, openLog } from './sources.ts';

export interface LogsOptions {
  /** Lines of each log. */
  readonly tail: number;
  /** Only this request, on every side. */
  readonly requestId?: string;
  readonly signal: AbortSignal;
}

/** Both sides' lines: those of one request or connection are one group. */
export interface LogsReport {
  readonly groups: readonly (readonly AccessEntry[])[];
  readonly notes: readonly string[];
  /** What comes after, line by line as it arrives, until the signal aborts. */
  readonly more: AsyncIterable<AccessEntry>;
}

/** Reads the access logs of several proxies at once. Throws Problems of each. */
export async function readLogs(
  sources: readonly LogSource[],
  { tail, requestId, signal }: LogsOptions,
): Promise<LogsReport> {
  const opened = await Promise.all(sources.map((source) => openLog(source, tail, signal)));
  const wanted = ({ line }: AccessEntry): boolean => requestId === undefined || line?.requestId === requestId;
  return {
    groups: joined(opened.flatMap(({ entries }) => entries).filter(wanted)),
    notes: opened.flatMap(({ notes }) => notes),
    more: merged(
      opened.map(({ more }) => more),
      wanted,
      signal,
    ),
  };
}

/** Entries of several logs in the order in which they arrive. The end of one does not end the others; a failure ends all. */
async function* merged(
  logs: readonly ((signal: AbortSignal) => AsyncIterable<AccessEntry>)[],
  wanted: (entry: AccessEntry) => boolean,
  signal: AbortSignal,
): AsyncIterable<AccessEntry> {
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const iterators = logs.map((log) => log(until)[Symbol.asyncIterator]());
  const waiting = new Map(iterators.map((iterator) => [iterator, next(iterator)]));
  try {
    while (waiting.size > 0) {
      const { iterator, result } = await Promise.race(waiting.values());
      if (result.done === true) waiting.delete(iterator);
      else {
        waiting.set(iterator, next(iterator));
        if (wanted(result.value)) yield result.value;
      }
    }
  } finally {
    stop.abort();
    // What is left of them fails by the abort.
    await Promise.allSettled(waiting.values());
  }
}

async function next(iterator: AsyncIterator<AccessEntry>) {
  return { iterator, result: await iterator.next() };
}

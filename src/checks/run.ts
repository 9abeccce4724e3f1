import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Check, Result, Seen } from './check.ts';
import { resultsOf } from './judge.ts';

/** A fact, and how long it took to read, in milliseconds. */
export interface Read<Value> {
  readonly value: Value;
  readonly ms: number;
}

/** How each fact is read. A check that needs one without a source is left out. */
export type Sources<Facts> = { readonly [Name in keyof Facts]?: () => Promise<Read<Facts[Name]>> };

/** Checks with the sources of their facts. */
export interface CheckGroup {
  /** Starts all checks; each has a promise of its own. */
  readonly begin: (running: Running) => readonly Promise<readonly Result[]>[];
}

export interface Running {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for a condition, in milliseconds; 30 000 by default. */
  readonly limitMs?: number;
  /** Called with each result as it arrives, which may be before its turn in the list. */
  readonly ended?: (result: Result) => void;
}

export const LIMIT_MS = 30_000;
const PAUSE_MS = 200;

/** A fact is read once for all checks of a group that need it, and its time counts for the first of them. */
export function group<Facts extends object>(checks: readonly Check<Facts>[], sources: Sources<Facts>): CheckGroup {
  const known = checks.filter(({ needs }) => needs.every((name) => sources[name] !== undefined));
  return {
    begin: (running) => {
      const read = readOnce(sources);
      return known.map(async (check) => {
        const results = await (check.settles ? settled(check, sources, running) : judged(check, read));
        for (const result of results) running.ended?.(result);
        return results;
      });
    },
  };
}

/** A check of one fact, with its source. */
export function one<Value>(
  check: Pick<Check<never>, 'id' | 'category' | 'title' | 'settles'>,
  read: () => Promise<Read<Value>>,
  judge: (value: Value) => Seen,
): CheckGroup {
  const whole: Check<{ readonly value: Value }> = {
    ...check,
    severity: 'error',
    needs: ['value'],
    judge: ({ value }) => [judge(value)],
  };
  return group([whole], { value: read });
}

type Reader<Facts> = (name: keyof Facts) => Promise<Read<Facts[keyof Facts]>>;

function readOnce<Facts extends object>(sources: Sources<Facts>): Reader<Facts> {
  const reading = new Map<keyof Facts, Promise<Read<Facts[keyof Facts]>>>();
  return async (name) => {
    const begun = reading.get(name);
    if (begun) return { ...(await begun), ms: 0 };
    const now = readOf(sources)(name);
    reading.set(name, now);
    return await now;
  };
}

function readOf<Facts extends object>(sources: Sources<Facts>): Reader<Facts> {
  return async (name) => {
    const source = sources[name];
    if (!source) throw new TypeError(`no source gives the fact ${String(name)}`);
    return await source();
  };
}

async function judged<Facts extends object>(check: Check<Facts>, read: Reader<Facts>): Promise<readonly Result[]> {
  const all = await Promise.all(check.needs.map(async (name) => [name, await read(name)] as const));
  // as: fromEntries forgets which value belongs to which name.
  const facts = Object.fromEntries(all.map(([name, { value }]) => [name, value])) as Facts;
  const ms = all.reduce((sum, [, each]) => sum + each.ms, 0);
  return resultsOf(check, facts, Math.round(ms));
}

/** Reads the facts until the condition holds or the limit is over. */
async function settled<Facts extends object>(
  check: Check<Facts>,
  sources: Sources<Facts>,
  { signal, limitMs = LIMIT_MS }: Running,
): Promise<readonly Result[]> {
  const start = performance.now();
  for (;;) {
    const results = await judged(check, readOf(sources));
    const ms = Math.round(performance.now() - start);
    if (results.every(({ ok }) => ok !== false) || ms >= limitMs) return results.map((each) => ({ ...each, ms }));
    await delay(PAUSE_MS, undefined, signal && { signal });
  }
}

/**
 * Runs checks, phase after phase, and yields their results in the order of the list. The checks of a phase run in parallel, so
 * questions to one host share a command. A failed check does not stop the others, which often show why. Throws what a source
 * throws.
 */
export async function* runChecks(
  phases: readonly (readonly CheckGroup[])[],
  running: Running,
): AsyncGenerator<Result, void> {
  const { signal } = running;
  // Each check listens to the signal; Node.js warns of a leak at more than ten listeners.
  if (signal) setMaxListeners(0, signal);
  for (const groups of phases) {
    signal?.throwIfAborted();
    const begun = groups.flatMap((each) => each.begin(running));
    // A rejection is handled when its turn comes.
    for (const each of begun) each.catch(() => undefined);
    for (const each of begun) yield* await each;
  }
}

/** Measures how long a source takes. */
export async function timed<Value>(read: () => Promise<Value>): Promise<Read<Value>> {
  const start = performance.now();
  const value = await read();
  return { value, ms: performance.now() - start };
}

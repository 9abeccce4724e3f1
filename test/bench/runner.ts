import type { Outcome, Sample, TimingsDocument, Values } from './record.ts';

/** What one run of a side gave. */
export interface Taken {
  readonly outcome: Outcome;
  readonly ms: number;
  readonly values?: Values;
  readonly timings?: TimingsDocument;
  readonly detail?: string;
  /** Where one run gives samples of several series. */
  readonly series?: string;
  readonly side?: string;
}

/** One of those who are compared. */
export interface Side {
  readonly id: string;
  /** Makes all as before, outside the measured time, and runs once. */
  readonly take: () => Promise<Taken | readonly Taken[]>;
}

/** A series that is ready. Its resources end with it. */
export interface Opened extends AsyncDisposable {
  readonly sides: readonly Side[];
  /** Rows of sides of which one row must have ended before the next: what they change cannot be taken back. */
  readonly inBlocks?: readonly (readonly Side[])[];
  /** One more run of each side before the first one that counts: caches of discovery, page cache, compiled code. */
  readonly warmUp?: boolean;
}

export interface Telling {
  readonly series: string;
  readonly rounds: number;
  readonly signal: AbortSignal;
  readonly keep: (sample: Sample) => Promise<void>;
  readonly note: (line: string) => void;
}

/** How often a side of a series may be repeated after a failure, so that every median has enough samples. */
const MOST_AGAIN = 2;

/** Runs the sides in turn, A B A B …, so that what changes on the machine meets all of them. A run that fails is a sample. */
export async function runRounds({ sides, inBlocks, warmUp = false }: Opened, telling: Telling): Promise<void> {
  for (const row of inBlocks ?? [sides]) await runRow(row, warmUp, telling);
}

async function runRow(sides: readonly Side[], warmUp: boolean, telling: Telling): Promise<void> {
  const again = new Map<string, number>();
  for (let round = warmUp ? 0 : 1; round <= telling.rounds; round += 1) {
    for (const side of sides) {
      const tries = again.get(side.id) ?? 0;
      if ((await runSide(side, round, telling)) || round === 0 || tries >= MOST_AGAIN) continue;
      again.set(side.id, tries + 1);
      await runSide(side, round, telling);
    }
  }
}

/** True when it ended well. */
async function runSide(side: Side, round: number, { series, rounds, signal, keep, note }: Telling): Promise<boolean> {
  signal.throwIfAborted();
  const all = await taken(side, signal);
  for (const { outcome, ms, ...more } of all) {
    const sample: Sample = { kind: 'sample', series, side: side.id, round, outcome, ms: rounded(ms), ...more };
    const mark = round === 0 ? 'warm-up' : `${round} of ${rounds}`;
    note(`${sample.series}  ${sample.side}  ${mark}  ${outcome}  ${Math.round(ms)} ms${words(sample)}`);
    if (round > 0) await keep(sample);
  }
  return all.every(({ outcome }) => outcome === 'ok');
}

async function taken(side: Side, signal: AbortSignal): Promise<readonly Taken[]> {
  try {
    const given = await side.take();
    return 'outcome' in given ? [given] : given;
  } catch (error) {
    signal.throwIfAborted();
    return [{ outcome: 'failed', ms: 0, detail: String(error).slice(-1500) }];
  }
}

/** Microseconds are enough, also for what takes less than a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function words({ values, detail }: Sample): string {
  const told = Object.entries(values ?? {}).map(([key, value]) => `${key} ${value}`);
  return [...told, ...(detail === undefined ? [] : [detail])].map((word) => `  ${word}`).join('');
}

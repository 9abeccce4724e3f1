import type { Described } from './machine.ts';

/** First line of a result file: what was measured, on what. */
export interface RunLine {
  readonly kind: 'run';
  /** ISO 8601. */
  readonly at: string;
  readonly commit: string;
  readonly quick: boolean;
  /** Load average of the machine in the minute before: what others did meanwhile. */
  readonly load: number;
  readonly machine: Described;
  /** Name → version of what was compared. */
  readonly versions: Readonly<Record<string, string>>;
}

/** `limit`: it did not end by itself within the limit of its side. */
export type Outcome = 'ok' | 'failed' | 'limit';

/** Further figures of a sample: KiB of memory, bytes on the wire, round trips. */
export type Values = Readonly<Record<string, number>>;

/** One line for each thing that was run. */
export interface Sample {
  readonly kind: 'sample';
  readonly series: string;
  readonly side: string;
  /** From 1. */
  readonly round: number;
  readonly outcome: Outcome;
  readonly ms: number;
  readonly values?: Values;
  /** The output of `--timings`. */
  readonly timings?: TimingsDocument;
  /** What it said, where it is not well. */
  readonly detail?: string;
}

/** The part of meshx's timings document that the page reads. */
export interface TimingsDocument {
  readonly ms: number;
  readonly roundTrips: number;
  readonly sent: number;
  readonly received: number;
  readonly spans: readonly TimedSpan[];
}

export interface TimedSpan {
  readonly at: number;
  readonly ms: number;
  readonly kind: string;
  readonly name: string;
  readonly where: string;
  readonly sent?: number;
  readonly received?: number;
}

export interface Results {
  readonly run: RunLine;
  readonly samples: readonly Sample[];
}

/** Reads a result file: a JSON object in each line, the first one says of what run the others are. */
export function parseResults(text: string): Results {
  // as: written by keepLine.
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RunLine | Sample);
  const run = lines.find((line) => line.kind === 'run');
  if (run === undefined) throw new Error('no line says of what run these results are');
  return { run, samples: lines.filter((line) => line.kind === 'sample') };
}

/** Milliseconds of what ended well in a series, of one side. */
export function timesOf({ samples }: Results, series: string, side: string): readonly number[] {
  return wellEnded(samples, series, side).map(({ ms }) => ms);
}

/** A further figure of what ended well. */
export function valuesOf({ samples }: Results, [series, side]: readonly [string, string], key: string): number[] {
  return wellEnded(samples, series, side).flatMap(({ values }) => values?.[key] ?? []);
}

function wellEnded(samples: readonly Sample[], series: string, side: string): readonly Sample[] {
  return samples.filter((each) => each.series === series && each.side === side && each.outcome === 'ok');
}

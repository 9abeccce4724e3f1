import { type Results, type TimedSpan, type TimingsDocument, timesOf, valuesOf } from '../record.ts';
import { quantile, summaryOf } from '../statistics.ts';
import { bytes, time, table } from './format.ts';

/** Shorter spans share one row, milliseconds. */
const SHORT_MS = 15;

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly at: number;
  readonly ms: number;
  readonly count: number;
  readonly sent: number;
}

/** Where the time of a first join goes, each row beside what holds it, from the output of `--timings`. */
export function stepSection(results: Results): readonly string[] {
  const runs = results.samples.flatMap(({ series, side, outcome, timings }) =>
    series === 'first-join' && side === 'meshx' && outcome === 'ok' && timings ? [timings] : [],
  );
  if (runs.length === 0) return ['Not measured.', ''];
  const rows = rowsOf(runs);
  return [
    ...bound(results, runs),
    ...care(runs),
    'Steps, checks and waits:',
    '',
    ...stepTable(
      results,
      rows.filter(({ kind }) => kind !== 'request' && kind !== 'command'),
    ),
    'The same time by commands on the VM and requests to the API server:',
    '',
    ...stepTable(
      results,
      rows.filter(({ kind }) => kind === 'request' || kind === 'command'),
    ),
  ];
}

function stepTable(results: Results, rows: readonly Row[]): readonly string[] {
  const long = rows.filter(({ kind, ms }) => kind !== 'request' && ms >= SHORT_MS);
  const cells = long.map((row) => [
    ...[time(row.at), time(row.ms), row.kind, row.name, String(row.count), sent(row)],
    limitOf(results, row),
  ]);
  const rest = restRows(rows.filter((row) => !long.includes(row)));
  return table(['starts at', 'takes', 'what', 'name', 'times', 'sent', 'its limit'], [...cells, ...rest]);
}

function sent({ sent: count }: Row): string {
  return count === 0 ? '–' : bytes(count);
}

/** Medians over the runs; a name that occurs several times in a run is summed. */
function rowsOf(runs: readonly TimingsDocument[]): readonly Row[] {
  const keys = new Set(runs.flatMap(({ spans }) => spans.map(keyOf)));
  const rows = [...keys].map((key): Row => {
    const each = runs.map(({ spans }) => spans.filter((span) => keyOf(span) === key));
    const present = each.filter((spans) => spans.length > 0);
    const median = (of: (spans: readonly TimedSpan[]) => number): number => quantile(present.map(of), 0.5);
    const [kind = '', name = ''] = key.split('\t');
    return {
      ...{ kind, name, at: median((spans) => Math.min(...spans.map(({ at }) => at))) },
      ms: median((spans) => sum(spans.map(({ ms }) => ms))),
      count: median((spans) => spans.length),
      sent: median((spans) => sum(spans.map((span) => span.sent ?? 0))),
    };
  });
  return rows.toSorted((a, b) => a.at - b.at);
}

/** All requests are one kind of thing, whatever they ask for. */
function keyOf({ kind, name }: TimedSpan): string {
  return kind === 'request' ? 'request\tto the API server' : `${kind}\t${name}`;
}

function restRows(rows: readonly Row[]): readonly (readonly string[])[] {
  const requests = rows.filter(({ kind }) => kind === 'request');
  const rest = rows.filter(({ kind }) => kind !== 'request');
  const row = (name: string, of: readonly Row[]): readonly string[] => [
    ...['', `${time(sum(of.map(({ ms }) => ms)))}, some side by side`, '', name],
    ...[String(sum(of.map(({ count }) => count))), bytes(sum(of.map((each) => each.sent))), '–'],
  ];
  return [
    ...(requests.length > 0 ? [row('requests to the API server', requests)] : []),
    ...(rest.length > 0 ? [row(`what takes less than ${SHORT_MS} ms`, rest)] : []),
  ];
}

const LIMITS: readonly { readonly of: RegExp; readonly say: (results: Results) => string }[] = [
  { of: /^connection\t/, say: (results) => `a whole cold ssh takes ${middle(results, 'command', 'ssh')}` },
  {
    of: /\tpackage-(receive|send)$/,
    say: (results) =>
      `its bytes over the bare link: ${middle(results, 'limits', 'link')}; over ssh to /dev/null: ${middle(results, 'limits', 'ssh')}`,
  },
  {
    of: /\tpackage-install$/,
    say: (results) =>
      `dpkg-deb -x alone: ${middle(results, 'limits', 'unpack')}; dpkg -i alone: ${middle(results, 'limits', 'dpkg')}`,
  },
  {
    of: /^step\tpackage$/,
    say: (results) => `link ${middle(results, 'limits', 'link')} + dpkg-deb -x ${middle(results, 'limits', 'unpack')}`,
  },
  {
    of: /^(step\tsidecar|command\tunit-starts?)$/,
    say: (results) => `Envoy's own start: ${middle(results, 'package-present', 'envoy')}`,
  },
  {
    of: /^step\tregistration$/,
    say: (results) => `a whole kubectl apply takes ${middle(results, 'register', 'kubectl')}`,
  },
  { of: /^(command|step|check)\t/, say: (results) => `a round trip: ${middle(results, 'command', 'open')}` },
];

function limitOf(results: Results, { kind, name }: Row): string {
  return LIMITS.find(({ of }) => of.test(`${kind}\t${name}`))?.say(results) ?? '–';
}

function middle(results: Results, series: string, side: string): string {
  const summary = summaryOf(timesOf(results, series, side));
  return summary ? time(summary.median) : 'not measured';
}

/** The whole run beside the sum of what nothing can do without. */
function bound(results: Results, runs: readonly TimingsDocument[]): readonly string[] {
  const parts = [
    ['link', 'limits', 'link'],
    ['unpacking', 'limits', 'unpack'],
    ["Envoy's own start", 'package-present', 'envoy'],
  ] as const;
  const known = parts.flatMap(([word, series, side]) => {
    const summary = summaryOf(timesOf(results, series, side));
    return summary ? [{ word, ms: summary.median }] : [];
  });
  const size = valuesOf(results, ['limits', 'link'], 'bytes')[0];
  if (known.length < parts.length || size === undefined) return [];
  const least = sum(known.map(({ ms }) => ms));
  const whole = quantile(
    runs.map(({ ms }) => ms),
    0.5,
  );
  const words = known.map(({ word, ms }) => `${word} ${time(ms)}`).join(' + ');
  return [
    `The package has ${bytes(size)}. The minimum for any tool: ${words} = ${time(least)}. meshx says of itself ${time(whole)}, ${(whole / least).toFixed(1)} times that, with ${runs[0]?.roundTrips ?? 0} round trips.`,
    '',
  ];
}

const CARE = { preflight: 'the scan of the machine', 'first-picture': 'its snapshot', journal: 'the journal' };

/** What is done so that the machine can be rolled back, by its own times, as a share of the whole. The guard is a part of one command. */
function care(runs: readonly TimingsDocument[]): readonly string[] {
  const took = ({ spans }: TimingsDocument, name: string): number =>
    sum(spans.flatMap((span) => (span.kind === 'command' && span.name === name ? [span.ms] : [])));
  const median = (of: (run: TimingsDocument) => number): number => quantile(runs.map(of), 0.5);
  const names = Object.keys(CARE);
  const share = median((run) => sum(names.map((name) => took(run, name))) / run.ms);
  const words = Object.entries(CARE).map(([name, word]) => `${word} ${time(median((run) => took(run, name)))}`);
  return [
    `Preparing for a rollback: ${words.join(', ')}, together ${(share * 100).toFixed(1)} % of the whole by their own times. The guard of open connections is a part of capture's start: see the notes.`,
    '',
  ];
}

function sum(all: readonly number[]): number {
  return all.reduce((one, other) => one + other, 0);
}

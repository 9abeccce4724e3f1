import { readFileSync } from 'node:fs';
import { allSeries } from './all-series.ts';
import { performanceChart } from './page/chart.ts';
import { performancePage } from './page/page.ts';
import { PAIRS } from './pairs.ts';
import { parseResults, type Results, type RunLine, type Sample } from './record.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const kept = parseResults(read('performance.jsonl'));

test('docs/performance.md and docs/performance.svg are what their script makes of the kept samples', () => {
  const again = parseResults(read('performance-again.jsonl'));
  expect(read('performance.md')).toBe(performancePage(kept, read('performance-notes.md'), again));
  expect(read('performance.svg')).toBe(performanceChart(kept));
});

test('the kept samples say of which commit and machine they are, and of which series and side', () => {
  const { commit, machine, at } = kept.run;
  expect(commit).toMatch(/^[0-9a-f]{7,}(-dirty)?$/);
  expect(Number.isNaN(Date.parse(at))).toBe(false);
  expect(Object.keys(machine).toSorted()).toEqual(['cores', 'cpu', 'kernel', 'memoryGib', 'node', 'system']);
  const known = [...allSeries.map(({ id }) => id), 'fleet-nothing'];
  expect(kept.samples.filter(({ series }) => !known.includes(series))).toEqual([]);
  expect(kept.samples.filter(({ round, ms }) => round < 1 || ms < 0)).toEqual([]);
});

test('every pair has its own name and a series that is measured', () => {
  const names = PAIRS.map(({ series, ours, theirs }) => `${series} ${ours} ${theirs}`);
  expect(new Set(names).size).toBe(names.length);
  const known = [...allSeries.map(({ id }) => id), 'fleet-nothing'];
  expect(PAIRS.filter(({ series }) => !known.includes(series))).toEqual([]);
});

const run: RunLine = {
  ...{ kind: 'run', at: '2026-01-02T03:04:05.000Z', commit: 'abc1234', quick: false, load: 0.5 },
  machine: { cpu: 'A CPU', cores: 2, memoryGib: 8, system: 'Debian', kernel: '6.1', node: 'v20' },
  versions: { meshx: '0.1.0' },
};
const samples = (series: string, side: string, ms: number, more: Partial<Sample> = {}): readonly Sample[] =>
  [1, 2, 3, 4, 5].map((round) => ({ kind: 'sample', series, side, round, outcome: 'ok', ms: ms + round, ...more }));
const page = (all: readonly Sample[], change: Partial<RunLine> = {}): string =>
  performancePage({ run: { ...run, ...change }, samples: all }, '## Notes\n');

test('a pair is shown with its ratio, both medians and a verdict', () => {
  const told = page([...samples('copy', 'meshx', 100), ...samples('copy', 'scp', 200)]);
  expect(told).toContain(
    '| copy of 50 MB, connecting included | scp | 1.10 | 0.90 | 0.51 | 103 ms (102 ms – 104 ms) | 203 ms (202 ms – 204 ms) | 5, 5 | **stretch** |',
  );
  expect(told).toContain(
    '| nothing to do | Ansible with pipelining | 0.050 | 0.030 | – | – | – | 0, 0 | **not measured** |',
  );
  expect(told).toContain('| abc1234 | 2026-01-02 03:04 | A CPU, 2 cores');
  expect(told.endsWith('## Notes\n')).toBe(true);
});

test('what a limit ended is named and is in no median', () => {
  const hung: Sample = {
    ...{ kind: 'sample', series: 'nothing', side: 'ansible', round: 1, outcome: 'limit', ms: 60_000 },
    detail: 'TASK [Service]\nchanged | it\n\n',
  };
  const told = page([...samples('nothing', 'ansible', 5000), hung]);
  expect(told).toContain('| nothing | ansible | 6 | 1 | 0 | `changed \\| it` |');
  expect(told).toContain('5.00 s (5.00 s – 5.00 s) | 0, 5');
});

test('a second run is shown beside the first, with its different verdicts marked', () => {
  const first = { run, samples: [...samples('copy', 'meshx', 100), ...samples('copy', 'scp', 200)] };
  const again = {
    run: { ...run, commit: 'def5678' },
    samples: [...first.samples.slice(0, 5), ...samples('copy', 'scp', 50)],
  };
  const told = performancePage(first, '', again);
  expect(told).toMatch(/of commit def5678, 2026-01-02 03:04 .*: \d+ of \d+ verdicts are the same\./);
  expect(told).toContain('| copy of 50 MB, connecting included | scp | 0.51 | 1.94 | stretch | **missed** |');
  expect(performancePage(first, '')).not.toContain('Measured again');
});

test('a quick run says that it is one', () => {
  expect(page([], { quick: true })).toContain('**A quick run');
  expect(page([])).not.toContain('A quick run');
});

test('the step table sums a name that occurs twice in a run, and groups the short ones', () => {
  const span = (name: string, at: number, ms: number) => ({ kind: 'command', name, where: 'vm', at, ms, sent: 2000 });
  const spans = [span('probes', 10, 100), span('probes', 500, 50), span('id', 5, 3)];
  const timings = { ms: 900, roundTrips: 3, sent: 6000, received: 0, spans };
  const told = page(samples('first-join', 'meshx', 900, { timings }));
  expect(told).toContain('| 10 ms | 150 ms | command | probes | 2 | 4 kB | a round trip: not measured |');
  expect(told).toContain('|  | 3.0 ms, some side by side |  | what takes less than 15 ms | 1 | 2 kB | – |');
});

test('the preparation of a rollback is shown as a share of the whole', () => {
  const span = (name: string, ms: number, kind = 'command') => ({ kind, name, where: 'vm', at: 0, ms, sent: 0 });
  const spans = [span('preflight', 60), span('first-picture', 20), span('journal', 40), span('journal', 900, 'step')];
  const timings = { ms: 1000, roundTrips: 3, sent: 0, received: 0, spans };
  expect(page(samples('first-join', 'meshx', 1000, { timings }))).toContain(
    'the scan of the machine 60 ms, its snapshot 20 ms, the journal 40 ms, together 12.0 % of the whole',
  );
});

test('round trips and memory are shown', () => {
  const trips = samples('growth-registered', '100', 400, { values: { roundTrips: 30 } });
  const fleet = samples('fleet-first', 'meshx', 9000, { values: { peakKib: 300 * 1024 } });
  const told = page([...trips, ...fleet]);
  expect(told).toContain('| its round trips | – | – | 30 |');
  expect(told).toContain('| up of 8 VMs at once | 220 MiB | 300 MiB (300 MiB – 300 MiB) | **missed** |');
});

test('the chart has a bar for each pair that was measured, cut where it would leave the picture', () => {
  const results: Results = {
    run,
    samples: [...samples('copy', 'meshx', 900), ...samples('copy', 'scp', 100), ...samples('command', 'open', 2)],
  };
  const chart = performanceChart(results);
  expect(chart.match(/<rect/g)).toHaveLength(1);
  expect(chart).toContain('width="480"');
  expect(chart).toContain('copy of 50 MB, connecting included | scp');
  expect(chart).toContain('prefers-color-scheme:dark');
  expect(chart).toContain('missed');
});

test('results without a line that says of what run they are, are refused', () => {
  expect(() => parseResults('')).toThrow('of what run');
});

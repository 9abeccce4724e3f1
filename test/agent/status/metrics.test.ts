import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../../src/agent/clock.ts';
import { countChange, countProbe, NO_COUNTS, type ServiceCounts } from '../../../src/agent/status/counters.ts';
import { formatMetrics, METRICS } from '../../../src/agent/status/metrics.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { parsePrometheus } from './prometheus-text.ts';
import { EXAMPLE } from './snapshot-example.ts';

const USAGE = { cpu: 12.5, resident: 50_000_000 };
const now = systemClock();

/** The counts after probes that took these milliseconds. */
function counted(...durations: readonly number[]): ServiceCounts {
  return durations.reduce(
    (counts, ms) =>
      countProbe(counts, { result: { outcome: 'ok', reason: '' }, started: now, ended: { ...now, ms: now.ms + ms } }),
    NO_COUNTS,
  );
}

const services = new Map([
  ['mysqldb', countChange(counted(2, 4, 90, 700, 9000), 'ready')],
  ['web', NO_COUNTS],
]);
const text = formatMetrics(EXAMPLE, { services, reportFailures: 2 }, USAGE);

test('the metrics are valid, and every family of the list is there', () => {
  expect([...parsePrometheus(text).keys()]).toEqual(Object.keys(METRICS));
});

test('a probe is counted in every bucket that is large enough', () => {
  const { samples } = parsePrometheus(text).get('meshx_agent_probe_duration_seconds')!;
  const buckets = samples.filter(({ labels }) => labels['service'] === 'mysqldb' && labels['le']);
  expect(buckets.map(({ labels, value }) => `${labels['le']} ${value}`)).toEqual([
    ...['0.005 2', '0.025 2', '0.1 3', '0.5 3', '1 4', '5 4', '+Inf 5'],
  ]);
});

test('exactly one state of each service is 1', () => {
  const { samples } = parsePrometheus(text).get('meshx_agent_service_state')!;
  const current = samples.filter(({ value }) => value === 1).map(({ labels }) => [labels['service'], labels['state']]);
  expect(current).toEqual([
    ['mysqldb', 'ready'],
    ['replica', 'degraded'],
    ['web', 'down'],
  ]);
  expect(samples).toHaveLength(18);
});

test('changes, failures and times are those of the snapshot', () => {
  const found = parsePrometheus(text);
  const value = (name: string, label = '', wanted = ''): number | undefined =>
    found.get(name)?.samples.find(({ labels }) => label === '' || labels[label] === wanted)?.value;
  expect(value('meshx_agent_service_changes_total', 'state', 'ready')).toBe(1);
  expect(value('meshx_agent_report_failures_total')).toBe(2);
  expect(value('meshx_agent_token_expiry_timestamp_seconds')).toBe(Date.parse('2026-03-01T12:48:00Z') / 1000);
  expect(value('meshx_agent_report_mode', 'mode', 'api')).toBe(1);
  expect(value('meshx_agent_identity_state', 'state', 'valid')).toBe(1);
  expect(value('meshx_agent_identity_state', 'state', 'lost')).toBe(0);
  expect(value('meshx_agent_invalid_files')).toBe(2);
  expect(value('process_resident_memory_bytes')).toBe(50_000_000);
});

test('without a token and a write, their metrics are absent instead of zero', () => {
  const { mode, since } = EXAMPLE.reporter;
  const bare = formatMetrics({ ...EXAMPLE, reporter: { mode, since } }, { services, reportFailures: 0 }, USAGE);
  expect(bare).not.toMatch(/token_expiry|last_write/);
  expect(parsePrometheus(bare).size).toBe(Object.keys(METRICS).length - 2);
});

test('any version of Node.js makes valid metrics', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 30 }), (node) => {
      const odd = { ...EXAMPLE, agent: { ...EXAMPLE.agent, node } };
      const families = parsePrometheus(formatMetrics(odd, { services, reportFailures: 0 }, USAGE));
      expect(families.get('meshx_agent_build_info')?.samples[0]?.labels['node']).toBe(node);
    }),
  );
});

test('docs/reference/agent.md lists every metric with its type', () => {
  const page = readFileSync(new URL('../../../docs/reference/agent.md', import.meta.url), 'utf8');
  const rows = page.matchAll(/^\| `((?:meshx_agent|process)_\w+)`[^|]*\| (\w+) +\|/gm);
  const listed = [...rows].map(([, name, type]) => [name, type]);
  expect(listed).toEqual(Object.entries(METRICS).map(([name, [type]]) => [name, type]));
});

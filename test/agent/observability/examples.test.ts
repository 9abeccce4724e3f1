import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { METRICS } from '../../../src/agent/status/metrics.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../../examples/observability/${name}`, import.meta.url), 'utf8');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly refId: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { query: string } }[];
  };
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(read('grafana-dashboard.json')) as Dashboard;
const { groups } = parse(read('alerts.yaml')) as { groups: readonly { name: string; rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

/** The metrics in an expression: what histograms add to the name is left out. */
function metricsIn(expr: string): readonly string[] {
  const names = expr.match(/\b(?:meshx_agent|process)_\w+/g) ?? [];
  return names.map((name) => (name in METRICS ? name : name.replace(/_(bucket|sum|count)$/, '')));
}

/** What an expression selects by a label of a metric: the values must be those that the agent has. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  state: ['starting', 'ready', 'degraded', 'down', 'draining', 'drained', 'valid', 'cliff', 'lost'],
  mode: ['api', 'health-channel', 'fenced'],
  outcome: ['ok', 'degraded', 'failed'],
};

const expressions = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
];

test.each(expressions)('%s asks for metrics, labels and values that exist', (_title, expr) => {
  expect(metricsIn(expr).length).toBeGreaterThan(0);
  expect(metricsIn(expr).filter((name) => !(name in METRICS))).toEqual([]);
  for (const [, label = '', value = ''] of expr.matchAll(/\b(state|mode|outcome)[!=]~?"([^"]*)"/g))
    for (const each of value.split('|')) expect(VALUES[label]).toContain(each);
});

test.each(expressions)('the expression of %s is balanced', (_title, expr) => {
  const bare = expr.replace(/"[^"]*"/g, '""');
  for (const [open, close] of ['()', '{}', '[]']) expect(bare.split(open!).length).toBe(bare.split(close!).length);
});

test('every panel has an id of its own, a place that no other has, and a query', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(panels.every(({ targets, gridPos }) => targets.length > 0 && gridPos.x + gridPos.w <= 24)).toBe(true);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});

test('every variable that the dashboard uses is one that it has', () => {
  const names = dashboard.templating.list.map(({ name }) => name);
  const used = [...JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name);
  expect(new Set(used)).toEqual(new Set(names));
});

test('every alert has a severity, a summary that names what it is about, and a way on', () => {
  expect(rules.length).toBeGreaterThan(5);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { alert, labels, annotations, for: duration = '0s' } of rules) {
    expect(alert).toMatch(/^Meshx[A-Za-z]+$/);
    expect(['critical', 'warning']).toContain(labels['severity']);
    expect(annotations['summary']).toContain('{{ $labels.instance }}');
    expect(annotations['description']).toMatch(/\.$|On the VM: /);
    expect(duration).toMatch(/^\d+[smh]$/);
  }
});

test('every metric of a service is on the dashboard', () => {
  const shown = new Set(dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))));
  const ofServices = Object.keys(METRICS).filter((name) => /_(service_state|service_changes|probe)/.test(name));
  expect(ofServices.filter((name) => !shown.has(name) && !name.endsWith('timestamp_seconds'))).toEqual([]);
});

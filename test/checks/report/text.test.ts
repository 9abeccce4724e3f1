import type { Result } from '../../../src/checks/check.ts';
import { isHealthy, outcomeOf, summaryOf } from '../../../src/checks/report/report.ts';
import { formatShort, formatText } from '../../../src/checks/report/text.ts';

const base = {
  id: 'entry-health',
  category: 'registration',
  title: 'each VM is healthy',
  severity: 'error',
  ms: 0,
} as const;
const finding = (detail: string, more: Partial<Result> = {}): Result => ({ ...base, ok: false, detail, ...more });
const report = (...results: readonly Result[]) => ({ cluster: 'lab', namespaces: ['vm'], results, ms: 1234 });

test('ten findings of a check are printed, the others counted with the command that shows them', () => {
  const lines = formatText(report(...Array.from({ length: 1000 }, (_, index) => finding(`VM ${index} is unhealthy`))));
  expect(lines.filter((line) => line.includes('is unhealthy'))).toHaveLength(10);
  expect(lines).toContain('           and 990 more, shown by: meshx check --only entry-health -o short');
  expect(lines.at(-1)).toBe('1 check: 0 ok, 1000 errors (1.2 s)');
});

test('the short format has a line for every finding', () => {
  const findings = Array.from({ length: 30 }, (_, index) => finding(`VM ${index}`, { hint: 'Do it' }));
  const lines = formatShort(report(...findings));
  expect(lines).toHaveLength(30);
  expect(lines[0]).toBe('error entry-health: VM 0 | Do it');
});

test.each([
  ['error', false],
  ['risk', false],
  ['warning', true],
  ['note', true],
] as const)('a failed check of severity %s: the mesh is healthy: %s', (severity, healthy) => {
  expect(isHealthy(report(finding('x', { severity })))).toBe(healthy);
});

test('a skipped check is no finding', () => {
  const skipped = finding('you may not list pods', { ok: 'skipped' });
  expect(outcomeOf(skipped)).toBe('skipped');
  expect(isHealthy(report(skipped))).toBe(true);
  expect(formatShort(report(skipped))).toEqual([]);
  expect(formatText(report(skipped))).toContain('  skipped  each VM is healthy: you may not list pods [entry-health]');
  expect(summaryOf(report(skipped))).toBe('1 check: 0 ok, 1 skipped');
});

import type { Result } from '../../../src/checks/check.ts';
import { repairsOf } from '../../../src/operations/check/repairs.ts';

const finding = (id: string, more: Partial<Result>): Result => ({
  ...{ id, category: 'vm', title: id, severity: 'error', ok: false, detail: `${id} is wrong`, ms: 0 },
  ...more,
});
const MEMBERS = [
  { vm: 'vm/db1', host: 'db1', namespace: 'vm' },
  { vm: 'web1', host: 'web1', namespace: 'web' },
];

test('findings are divided by VM, and what no join repairs is left', () => {
  const capture = finding('capture-loaded', { object: 'VM vm/db1', repair: 'join' });
  const boot = finding('units-boot', { object: 'VM vm/db1', repair: 'join', severity: 'warning' });
  const root = finding('vm-root', { object: 'VM web1' });
  expect(repairsOf({ results: [capture, root, boot], members: MEMBERS })).toEqual({
    vms: [{ vm: 'vm/db1', host: 'db1', namespace: 'vm', findings: [capture, boot] }],
    left: [root],
  });
});

test('notes and conditions that hold are neither repaired nor left', () => {
  const results = [
    finding('off-until', { ok: true }),
    finding('neighbour', { severity: 'note' }),
    finding('mesh-names', { ok: 'skipped' }),
  ];
  expect(repairsOf({ results, members: MEMBERS })).toEqual({ vms: [], left: [] });
});

test('a VM that meshx did not join is left to its owner', () => {
  const capture = finding('capture-loaded', { object: 'VM other', repair: 'join' });
  expect(repairsOf({ results: [capture], members: MEMBERS })).toEqual({ vms: [], left: [capture] });
  expect(repairsOf({ results: [capture] }).left).toEqual([capture]);
});

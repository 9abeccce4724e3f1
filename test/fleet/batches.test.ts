import fc from 'fast-check';
import { batchesOf, mostFailures } from '../../src/fleet/batches.ts';
import type { Fleet, FleetVm } from '../../src/fleet/fleet.ts';
import type { Rollout } from '../../src/fleet/schema.ts';

const vm = (name: string): FleetVm => ({ name, groups: ['web'], labels: {}, services: [], options: {}, origins: {} });

function fleetOf(names: readonly string[], rollout: Rollout): Fleet {
  return { name: 'shop', rollout, vms: names.map(vm) };
}

function batches(names: readonly string[], rollout: Rollout, due = names): readonly (readonly string[])[] {
  const fleet = fleetOf(names, rollout);
  return batchesOf(fleet, fleet.vms, new Set(due)).map(({ vms }) => vms);
}

test.each<readonly [Rollout['serial'], readonly number[]]>([
  [undefined, [10]],
  [4, [4, 4, 2]],
  ['30%', [3, 3, 3, 1]],
  [
    [1, '20%'],
    [1, 2, 2, 2, 2, 1],
  ],
  ['0%', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [100, [10]],
])('serial %j makes batches of %j of ten VMs', (serial, sizes) => {
  const names = Array.from({ length: 10 }, (_, index) => `vm${index}`);
  expect(batches(names, serial === undefined ? {} : { serial }).map(({ length }) => length)).toEqual(sizes);
});

test('canaries go first, also if they need nothing, and alone need no watching', () => {
  const rollout = { canary: { hosts: ['c'] } };
  expect(batches(['a', 'b', 'c'], rollout)).toEqual([['c'], ['a', 'b']]);
  expect(batches(['a', 'b', 'c'], rollout, ['a'])).toEqual([['c'], ['a']]);
  expect(batches(['a', 'b', 'c'], rollout, [])).toEqual([]);
  expect(batches(['a', 'b', 'c'], rollout, ['c'])).toEqual([['c']]);
});

test('a run that leaves a canary out goes without it', () => {
  const fleet = fleetOf(['a', 'b', 'c'], { canary: { hosts: ['c'] } });
  expect(batchesOf(fleet, [vm('a')], new Set(['a']))).toEqual([{ canary: false, vms: ['a'] }]);
  expect(batchesOf(fleet, [], new Set())).toEqual([]);
});

test('the order is that of the file, its reverse, or by name', () => {
  expect(batches(['b', 'a', 'c'], { serial: 1 })).toEqual([['b'], ['a'], ['c']]);
  expect(batches(['b', 'a', 'c'], { serial: 1, order: 'reverse' })).toEqual([['c'], ['a'], ['b']]);
  expect(batches(['b', 'a', 'c'], { serial: 1, order: 'sorted' })).toEqual([['a'], ['b'], ['c']]);
});

test('max-fail counts VMs, or a share of them rounded down', () => {
  expect(mostFailures({}, 10)).toBe(0);
  expect(mostFailures({ 'max-fail': 3 }, 10)).toBe(3);
  expect(mostFailures({ 'max-fail': '25%' }, 10)).toBe(2);
});

const size = fc.oneof(
  fc.integer({ min: 1, max: 20 }),
  fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
);
const run = fc.record({
  names: fc.uniqueArray(fc.stringMatching(/^[a-z][0-9]$/), { maxLength: 40 }),
  serial: fc.oneof(size, fc.array(size, { minLength: 1, maxLength: 4 })),
  canaries: fc.array(fc.stringMatching(/^[a-z]\*$/), { maxLength: 2 }),
  due: fc.func(fc.boolean()),
});

test('every VM that needs a change is in exactly one batch, canaries in the first, and no other VM is in any', () => {
  fc.assert(
    fc.property(run, ({ names, serial, canaries, due }) => {
      const changed = names.filter((name) => due(name));
      const fleet = fleetOf(names, { serial, ...(canaries.length > 0 && { canary: { hosts: canaries } }) });
      const found = batchesOf(fleet, fleet.vms, new Set(changed));
      const all = found.flatMap(({ vms }) => vms);
      const isCanary = (name: string): boolean => canaries.some((pattern) => name.startsWith(pattern[0] ?? ''));
      expect(new Set(all).size).toBe(all.length);
      expect(changed.filter((name) => !all.includes(name))).toEqual([]);
      expect(all.filter((name) => !changed.includes(name) && !isCanary(name))).toEqual([]);
      expect(found.slice(1).some(({ canary }) => canary)).toBe(false);
      expect(found.every(({ vms }) => vms.length > 0)).toBe(true);
      const late = found.filter(({ canary }) => !canary).flatMap(({ vms }) => vms);
      expect(late.filter(isCanary)).toEqual([]);
    }),
  );
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { summaries } from '../../../src/reconcile/plan.ts';
import { planFor, reconcile, ShimMachine } from '../shim-machine.ts';

const want = { kind: 'user', name: 'istio-proxy', home: '/var/lib/istio' } as const;

test('a system user is created with its group, once', async () => {
  const vm = new ShimMachine();
  expect(summaries(await planFor(vm, want))).toEqual(['create system user istio-proxy']);
  await reconcile(vm, want);
  expect(vm.read(join(vm.state, 'passwd'))).toBe('istio-proxy\n');
  expect(vm.read(join(vm.state, 'group'))).toBe('istio-proxy\n');
  expect(summaries(await planFor(vm, want))).toEqual([]);
});

test('a group that is there already is used', async () => {
  const vm = new ShimMachine();
  writeFileSync(join(vm.state, 'group'), 'istio-proxy\n');
  await reconcile(vm, want);
  expect(vm.read(join(vm.state, 'group'))).toBe('istio-proxy\n');
});

import { type Counted, type Locking, underLock } from '../../../src/operations/change/under-lock.ts';
import { Problem } from '../../../src/problems.ts';
import { readAudit } from '../../../src/reconcile/audit.ts';
import type { Plan } from '../../../src/reconcile/plan.ts';
import { ShimMachine } from '../../reconcile/shim-machine.ts';

const planOf = (...summaries: readonly string[]): Plan => ({
  steps: [{ id: 's', title: 'S', changes: summaries.map((summary) => ({ summary, scripts: [] })), touches: {} }],
});
const due = (...summaries: readonly string[]): Counted => ({ plan: planOf(...summaries), also: [] });

function locking(more: Partial<Locking<Counted>> = {}): Locking<Counted> {
  return {
    ...{
      command: 'meshx up vm',
      who: 'anna@desk',
      meshx: '1.2.3',
      again: 'meshx up vm',
      inspectedAt: performance.now(),
    },
    ...{ signal: new AbortController().signal, note: () => undefined, done: () => 1 },
    ...more,
  };
}

const results = async (vm: ShimMachine) =>
  (await readAudit(vm)).lines.map(({ event, result, changes }) => [event, result, changes]);

test('where nothing is to be done there is neither lock nor line nor round trip', async () => {
  const vm = new ShimMachine();
  await underLock(vm, locking(), due(), async () => undefined);
  expect(vm.ran).toEqual([]);
});

test('a change costs two round trips and leaves a beginning and an end', async () => {
  const vm = new ShimMachine();
  await underLock(vm, locking({ done: () => 2 }), due('a', 'b'), async () => undefined);
  expect(vm.ran).toEqual(['meshx-run-begin', 'meshx-run-end']);
  const { lines } = await readAudit(vm);
  expect(lines.map(({ who, meshx, command, plan }) => [who, meshx, command, plan.length])).toEqual([
    ['anna@desk', '1.2.3', 'meshx up vm', 64],
    ['anna@desk', '1.2.3', 'meshx up vm', 64],
  ]);
});

test('writes to the cluster alone are a change of the VM as well', async () => {
  const vm = new ShimMachine();
  await underLock(vm, locking(), { plan: { steps: [] }, also: ['create Service vm/web'] }, async () => undefined);
  expect(await results(vm)).toEqual([
    ['began', undefined, 1],
    ['ended', 'changed', 1],
  ]);
});

test.each([
  ['a Problem', new Problem('disk-full', { message: 'm', hint: 'h' }), 'failed: disk-full'],
  ['a rollback', new Problem('reverted', { message: 'm', hint: 'h' }), 'reverted: reverted'],
  ['a bug', new RangeError('r'), 'failed: bug'],
])('a run that ends with %s is noted so, and the failure goes on', async (_what, error, result) => {
  const vm = new ShimMachine();
  const run = underLock(vm, locking(), due('a', 'b'), () => Promise.reject(error));
  await expect(run).rejects.toBe(error);
  expect((await results(vm))[1]).toEqual(['ended', result, 1]);
});

test('Ctrl-C is noted as an interruption', async () => {
  const vm = new ShimMachine();
  const operator = new AbortController();
  const run = underLock(vm, locking({ signal: operator.signal }), due('a'), async (_decided, signal) => {
    operator.abort('SIGINT');
    signal.throwIfAborted();
  });
  await expect(run).rejects.toBe('SIGINT');
  expect((await results(vm))[1]?.[1]).toBe('interrupted');
});

test('a machine that another run changed since is inspected again, and the new decision is carried out', async () => {
  const vm = new ShimMachine();
  const inspectedAt = performance.now();
  await underLock(vm, locking(), due('of the other one'), async () => undefined);
  const inspect = async (): Promise<Counted> => due('what is left');
  let made: Counted | undefined;
  const last = await underLock(vm, locking({ inspectedAt, inspect }), due('old', 'plan'), async (decided) => {
    made = decided;
  });
  expect([made, last]).toEqual([due('what is left'), due('what is left')]);
});

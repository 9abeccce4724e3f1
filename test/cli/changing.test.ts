import { changing, type ChangeAbout } from '../../src/cli/changing.ts';
import { Problem } from '../../src/problems.ts';
import { readAudit } from '../../src/reconcile/audit.ts';
import type { Plan } from '../../src/reconcile/plan.ts';
import type { Lines, World } from '../../src/world.ts';
import { ShimMachine } from '../reconcile/shim-machine.ts';

const EMPTY: Plan = { steps: [] };
const planOf = (...summaries: readonly string[]): Plan => ({
  steps: [{ id: 's', title: 'S', changes: summaries.map((summary) => ({ summary, scripts: [] })), touches: {} }],
});

interface Work {
  readonly plan: Plan;
  readonly also?: readonly string[];
}

function about<Result>(more: Partial<ChangeAbout<Work, Result>> = {}, signal = new AbortController().signal) {
  const said: string[] = [];
  const note = (lines: Lines): void => void said.push(...[lines].flat());
  const place = { env: { USER: 'anna' }, cwd: '/', home: '/' };
  const world: World = { ...place, now: () => new Date(), version: '0', signal, note };
  return {
    said,
    about: { world, command: 'meshx up vm', again: 'meshx up vm', lookedAt: performance.now(), ...more },
  };
}

const results = async (vm: ShimMachine) =>
  (await readAudit(vm)).lines.map(({ event, result, changes }) => [event, result, changes]);

test('where nothing is to be done there is neither lock nor line nor round trip', async () => {
  const vm = new ShimMachine();
  expect(await changing(vm, about().about, { plan: EMPTY }, async () => 'done')).toBe('done');
  expect(vm.ran).toEqual([]);
});

test('a change costs two round trips and leaves a beginning and an end', async () => {
  const vm = new ShimMachine();
  await changing(vm, about({ done: () => 2 }).about, { plan: planOf('a', 'b') }, async () => undefined);
  expect(vm.ran).toEqual(['meshx-run-begin', 'meshx-run-end']);
  const { lines } = await readAudit(vm);
  expect(lines.map(({ who, command, plan }) => [who.split('@')[0], command, plan.length])).toEqual([
    ['anna', 'meshx up vm', 64],
    ['anna', 'meshx up vm', 64],
  ]);
});

test('writes to the cluster alone are a change of the VM as well', async () => {
  const vm = new ShimMachine();
  await changing(vm, about().about, { plan: EMPTY, also: ['create Service vm/web'] }, async () => undefined);
  expect(await results(vm)).toEqual([
    ['began', undefined, 1],
    ['ended', 'changed', 1],
  ]);
});

test.each([
  ['a Problem', new Problem('disk-full', { message: 'm', hint: 'h' }), 'failed: disk-full'],
  ['going back', new Problem('reverted', { message: 'm', hint: 'h' }), 'reverted: reverted'],
  ['a bug', new RangeError('r'), 'failed: bug'],
])('a run that ends with %s is noted so, and the failure goes on', async (_what, error, result) => {
  const vm = new ShimMachine();
  const run = changing(vm, about({ done: () => 1 }).about, { plan: planOf('a', 'b') }, () => Promise.reject(error));
  await expect(run).rejects.toBe(error);
  expect((await results(vm))[1]).toEqual(['ended', result, 1]);
});

test('a failure that is given back is noted like one that is thrown', async () => {
  const vm = new ShimMachine();
  const problem = new Problem('change-failed', { message: 'm', hint: 'h' });
  const given = about<Problem | undefined>({ problemOf: (found) => found }).about;
  expect(await changing(vm, given, { plan: planOf('a') }, async () => problem)).toBe(problem);
  expect((await results(vm))[1]).toEqual(['ended', 'failed: change-failed', undefined]);
});

test('Ctrl-C is noted as an interruption', async () => {
  const vm = new ShimMachine();
  const operator = new AbortController();
  const run = changing(vm, about({}, operator.signal).about, { plan: planOf('a') }, async (_work, signal) => {
    operator.abort('SIGINT');
    signal.throwIfAborted();
  });
  await expect(run).rejects.toBe('SIGINT');
  expect((await results(vm))[1]?.[1]).toBe('interrupted');
});

test('a machine that another run changed since is looked at again, and the new work is done', async () => {
  const vm = new ShimMachine();
  const lookedAt = performance.now();
  await changing(vm, about().about, { plan: planOf('of the other one') }, async () => undefined);
  const look = async (): Promise<Work> => ({ plan: planOf('what is left') });
  const { about: given, said } = about({ lookedAt, look });
  const done = await changing(vm, given, { plan: planOf('old', 'plan') }, async ({ plan }) => plan);
  expect(done).toEqual(planOf('what is left'));
  expect(said).toEqual(['note: another run changed shim-vm a moment ago; it is looked at again']);
});

import type { Command, Host, Output } from '../../../src/host/run/host.ts';
import { Problem } from '../../../src/problems.ts';
import { hostProblems } from '../../../src/problems/host.ts';
import { DeadMan } from '../../../src/operations/change/dead-man.ts';
import type { ChangeEvent } from '../../../src/operations/change/event.ts';
import { readSwitch, switchNotes } from '../../../src/vm/dead-man.ts';

const LOST = hostProblems.connectionLost({ host: 'vm1', doing: 'a command', reason: 'reset' });

/** A VM that has the switch alone: what `capture` says of it, and whether it can be reached. */
class Vm implements Host {
  readonly name = 'vm1';
  readonly ran: string[] = [];
  lost = false;
  state: string;

  constructor(state = '') {
    this.state = state;
  }

  run(command: Command): Promise<Output> {
    if (this.lost) return Promise.reject(LOST);
    const verb = command.argv.find((word) => word.startsWith('meshx-'))?.replace('meshx-switch-', '') ?? '';
    this.ran.push(verb);
    const answers: Readonly<Record<string, Partial<Output>>> = {
      read: { stdout: this.state },
      arm: { stdout: `${this.state}until=2026-01-31T09:10:11Z\n` },
      revert: { stdout: 'reverted-why=it failed\nreverted-by=root@desk\nreverted-kept=no\n' },
      confirm: this.state.includes('reverted-why')
        ? { exitCode: 190, stdout: this.state, stderr: 'meshx capture: rolled back' }
        : {},
    };
    const answer = answers[verb];
    if (!answer) return Promise.reject(new Error(`the VM of this test does not know ${verb}`));
    return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...answer });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

const NOW = new Date(2026, 0, 31, 9, 8, 41);
const FAILURE = new Problem('check-failed', {
  message: 'vm1 is set up, but 1 check failed.',
  hint: '',
  issues: ['no'],
});

function held(vm: Vm, login: () => Promise<Host> = () => Promise.resolve(vm)) {
  const told: ChangeEvent<never>[] = [];
  const deadMan = new DeadMan({
    ...{ vm: 'vm1', host: vm, guard: { within: 90, login }, by: 'root@desk', again: 'meshx up vm1', now: () => NOW },
    ...{ signal: new AbortController().signal, tell: (event) => void told.push(event) },
  });
  return { told, deadMan };
}

test('nothing is armed before it is asked for; confirming is a login of its own', async () => {
  const [vm, fresh] = [new Vm(), new Vm()];
  const { deadMan, told } = held(vm, () => Promise.resolve(fresh));
  expect(deadMan.armed).toBe(false);
  await deadMan.arm();
  expect(deadMan.armed).toBe(true);
  await deadMan.confirm();
  expect([vm.ran, fresh.ran, deadMan.armed]).toEqual([['arm'], ['confirm'], false]);
  expect(told).toEqual([
    { kind: 'armed', until: new Date(NOW.getTime() + 90_000) },
    { kind: 'confirmed', ms: expect.any(Number) },
  ]);
});

test('after a failure the VM is rolled back at once, and the Problem has what was seen and the next command', async () => {
  const { deadMan } = held(new Vm());
  await deadMan.arm();
  expect(await deadMan.rollBack(FAILURE, ['start istio.service'])).toMatchObject({
    id: 'reverted',
    message: expect.stringContaining('1 check failed'),
    hint: expect.stringContaining('meshx up vm1'),
    issues: ['no', 'done: start istio.service'],
  });
});

test('without an armed switch a failure stays what it is', async () => {
  expect(await held(new Vm()).deadMan.rollBack(FAILURE, [])).toBe(FAILURE);
});

test('when the connection is lost the VM is rolled back over a new one', async () => {
  const [vm, fresh] = [new Vm(), new Vm()];
  const { deadMan } = held(vm, () => Promise.resolve(fresh));
  await deadMan.arm();
  vm.lost = true;
  expect(await deadMan.rollBack(LOST, [])).toMatchObject({ id: 'reverted' });
  expect(fresh.ran).toEqual(['revert']);
});

test('when no login works either it is said when the VM rolls itself back', async () => {
  const vm = new Vm();
  const { deadMan } = held(vm, () => Promise.reject(LOST));
  await deadMan.arm();
  vm.lost = true;
  expect(await deadMan.rollBack(LOST, [])).toMatchObject({
    id: 'reverts-by-itself',
    message: expect.stringContaining('at 09:10:11'),
  });
});

test('a VM that rolled back before the confirmation is reported, and nothing more is done', async () => {
  const vm = new Vm();
  const { deadMan } = held(vm);
  await deadMan.arm();
  vm.state = 'reverted-why=not confirmed within 90 s\n';
  const failure: unknown = await deadMan.confirm().catch((error: unknown) => error);
  expect(failure).toMatchObject({ id: 'reverted', message: expect.stringContaining('not confirmed within 90 s') });
  expect(await deadMan.rollBack(failure, [])).toBe(failure);
  expect(vm.ran).not.toContain('revert');
});

test('what a dead run left is reported', async () => {
  const vm = new Vm('armed-since=T1\narmed-until=T2\narmed-by=ann@desk\nbypassed-since=T0\n');
  expect(switchNotes('vm1', await readSwitch(vm))).toEqual([
    'vm1: an earlier run by ann@desk that started at T1 did not finish; this run takes over.',
    'vm1: meshx-bypass kept it out of the mesh since T0; this run turns capture on again.',
  ]);
});

test('a bug of meshx stays one, and the VM is rolled back all the same', async () => {
  const vm = new Vm();
  const { deadMan } = held(vm);
  await deadMan.arm();
  const bug = new TypeError('not a function');
  expect(await deadMan.rollBack(bug, [])).toBe(bug);
  expect(vm.ran).toContain('revert');
});

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
  /** Each script with its arguments. */
  readonly sent: (readonly string[])[] = [];
  /** How a rollback is answered. */
  revert: Partial<Output> = { stdout: 'reverted-why=it failed\nreverted-by=root@desk\nreverted-kept=no\n' };
  closed = 0;
  lost = false;
  state: string;

  constructor(state = '') {
    this.state = state;
  }

  run(command: Command): Promise<Output> {
    if (this.lost) return Promise.reject(LOST);
    const verb = command.argv.find((word) => word.startsWith('meshx-'))?.replace('meshx-switch-', '') ?? '';
    this.ran.push(verb);
    this.sent.push([verb, ...command.argv.slice(4)]);
    const answers: Readonly<Record<string, Partial<Output>>> = {
      read: { stdout: this.state },
      arm: { stdout: `${this.state}until=2026-01-31T09:10:11Z\n` },
      revert: this.revert,
      confirm: this.state.includes('reverted-why')
        ? { exitCode: 190, stdout: this.state, stderr: 'meshx capture: rolled back' }
        : {},
    };
    const answer = answers[verb];
    if (!answer) return Promise.reject(new Error(`the VM of this test does not know ${verb}`));
    return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...answer });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed += 1;
    await Promise.resolve();
  }
}

const NOW = new Date(2026, 0, 31, 9, 8, 41);
const FAILURE = new Problem('check-failed', {
  message: 'vm1 is set up, but 1 check failed.',
  hint: '',
  issues: ['no'],
});

function held(vm: Vm, login: () => Promise<Host> = () => Promise.resolve(vm), signal = new AbortController().signal) {
  const told: ChangeEvent<never>[] = [];
  const deadMan = new DeadMan({
    ...{ vm: 'vm1', host: vm, guard: { within: 90, login }, by: 'root@desk', again: 'meshx up vm1', now: () => NOW },
    ...{ signal, tell: (event) => void told.push(event) },
  });
  return { told, deadMan };
}

test('nothing is armed before it is asked for; confirming is a login of its own', async () => {
  const [vm, fresh] = [new Vm(), new Vm()];
  const { deadMan, told } = held(vm, () => Promise.resolve(fresh));
  expect(deadMan.armed).toBe(false);
  await deadMan.arm();
  expect(deadMan.armed).toBe(true);
  await deadMan.confirm([]);
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
    message: expect.stringMatching(/at 09:10:11\b(?! GMT)/),
  });
});

test('a VM that rolled back before the confirmation is reported, and nothing more is done', async () => {
  const vm = new Vm();
  const { deadMan } = held(vm);
  await deadMan.arm();
  vm.state = 'reverted-why=not confirmed within 90 s\n';
  const failure: unknown = await deadMan.confirm([]).catch((error: unknown) => error);
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

test('the VM gets the seconds and the operator, and the confirmation takes about as long as it says', async () => {
  const vm = new Vm();
  const { deadMan, told } = held(vm);
  await deadMan.arm();
  await deadMan.confirm([]);
  expect(vm.sent[0]).toEqual(['arm', '90', 'root@desk']);
  const confirmed = told.find((event) => event.kind === 'confirmed');
  expect(confirmed?.ms).toBeLessThan(10_000);
});

test('a login that was opened early is the one that confirms, and it is closed', async () => {
  const [vm, fresh] = [new Vm(), new Vm()];
  let logins = 0;
  const { deadMan } = held(vm, () => {
    logins += 1;
    return Promise.resolve(fresh);
  });
  deadMan.logIn();
  expect(logins).toBe(0);
  await deadMan.arm();
  deadMan.logIn();
  await deadMan.confirm([]);
  expect([logins, fresh.ran, fresh.closed]).toEqual([1, ['confirm'], 1]);
});

test('a rollback closes the login that was opened early', async () => {
  const [vm, fresh] = [new Vm(), new Vm()];
  const { deadMan } = held(vm, () => Promise.resolve(fresh));
  await deadMan.arm();
  deadMan.logIn();
  await deadMan.rollBack(FAILURE, []);
  expect([fresh.closed, fresh.ran, vm.ran]).toEqual([1, [], ['arm', 'revert']]);
});

test('the VM records the first line of the failure', async () => {
  const vm = new Vm();
  const { deadMan, told } = held(vm);
  await deadMan.arm();
  const failure = new Problem('x', { message: 'first line\nsecond line', hint: '' });
  expect(await deadMan.rollBack(failure, [])).toMatchObject({ id: 'reverted', issues: ['first line'], cause: failure });
  expect(vm.sent.at(-1)).toEqual(['revert', 'first line']);
  expect(told.at(-1)).toEqual({ kind: 'rolled-back', kept: false });
});

test('a sidecar that kept running is reported as kept', async () => {
  const vm = new Vm();
  vm.revert = { stdout: 'reverted-why=w\nreverted-by=b\nreverted-kept=yes\n' };
  const { deadMan, told } = held(vm);
  await deadMan.arm();
  await deadMan.rollBack(FAILURE, []);
  expect(told.at(-1)).toEqual({ kind: 'rolled-back', kept: true });
});

test('a VM that another process has confirmed is not reported as rolled back', async () => {
  const vm = new Vm();
  vm.revert = { stdout: '' };
  const { deadMan, told } = held(vm);
  await deadMan.arm();
  expect(await deadMan.rollBack(FAILURE, [])).toBe(FAILURE);
  expect(told.map(({ kind }) => kind)).toEqual(['armed']);
});

test('a rollback that the VM cannot carry out is not tried over a new login: its own timer continues', async () => {
  const [vm, fresh] = [new Vm(), new Vm()];
  vm.revert = { exitCode: 1, stderr: 'no iptables' };
  const { deadMan, told } = held(vm, () => Promise.resolve(fresh));
  await deadMan.arm();
  expect(await deadMan.rollBack(FAILURE, [])).toMatchObject({ id: 'reverts-by-itself', issues: ['no'] });
  expect(told.at(-1)).toEqual({ kind: 'not-rolled-back', reason: expect.stringContaining('no iptables') });
  expect([fresh.ran, fresh.closed]).toEqual([[], 0]);
});

test('a bug in the rollback itself is thrown, and no other login is opened for it', async () => {
  const vm = new Vm();
  let logins = 0;
  const { deadMan } = held(vm, () => {
    logins += 1;
    return Promise.resolve(vm);
  });
  await deadMan.arm();
  const bug = new TypeError('not a function');
  vm.run = () => Promise.reject(bug);
  await expect(deadMan.rollBack(FAILURE, [])).rejects.toBe(bug);
  expect(logins).toBe(0);
});

test('only the loss of the lock leaves the switch to another operator', async () => {
  for (const [id, ran] of [
    ['lock-lost', ['arm']],
    ['other', ['arm', 'revert']],
  ] as const) {
    const vm = new Vm();
    const lost = new AbortController();
    const { deadMan } = held(vm, undefined, lost.signal);
    await deadMan.arm();
    lost.abort(new Problem(id, { message: 'm', hint: 'h' }));
    await deadMan.rollBack(FAILURE, []);
    expect(vm.ran).toEqual(ran);
  }
});

test('Ctrl-C is the reason of a rollback that it caused', async () => {
  const vm = new Vm();
  const operator = new AbortController();
  const { deadMan } = held(vm, undefined, operator.signal);
  await deadMan.arm();
  operator.abort('SIGINT');
  expect(await deadMan.rollBack('SIGINT', [])).toMatchObject({ id: 'reverted', issues: ['meshx was interrupted.'] });
  expect(vm.sent.at(-1)).toEqual(['revert', 'meshx was interrupted.']);
});

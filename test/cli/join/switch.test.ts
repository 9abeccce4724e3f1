import type { Command, Host, Output } from '../../../src/host/host.ts';
import { Problem } from '../../../src/problems.ts';
import { hostProblems } from '../../../src/problems/host.ts';
import type { Say } from '../../../src/world.ts';
import { holdSwitch } from '../../../src/cli/join/switch.ts';

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
        ? { exitCode: 190, stdout: this.state, stderr: 'meshx capture: gone back' }
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
  const said: string[] = [];
  const words = { within: 90, by: 'root@desk', login, now: () => NOW };
  const signal = new AbortController().signal;
  const say: Say = (lines) => void said.push(...[lines].flat());
  return { said, hold: holdSwitch({ vm: 'vm1', host: vm, words, again: 'meshx up vm1', say, signal }) };
}

test('nothing is armed before it is asked for, and then only once; confirming is a login of its own', async () => {
  const [vm, fresh] = [new Vm(), new Vm()];
  const { hold, said } = held(vm, () => Promise.resolve(fresh));
  const deadMan = await hold;
  expect(await deadMan.confirm()).toBe(false);
  await deadMan.arm();
  await deadMan.arm();
  expect(await deadMan.confirm()).toBe(true);
  expect([vm.ran, fresh.ran]).toEqual([['read', 'arm'], ['confirm']]);
  expect(said[0]).toContain('vm1 rolls itself back at 09:10:11');
});

test('after a failure the VM is taken back at once, and the Problem has what was seen and the next command', async () => {
  const vm = new Vm();
  const deadMan = await held(vm).hold;
  await deadMan.arm();
  expect(await deadMan.goBack(FAILURE, ['start istio.service'])).toMatchObject({
    id: 'reverted',
    message: expect.stringContaining('1 check failed'),
    hint: expect.stringContaining('meshx up vm1'),
    issues: ['no', 'done: start istio.service'],
  });
});

test('without an armed switch a failure stays what it is', async () => {
  const deadMan = await held(new Vm()).hold;
  expect(await deadMan.goBack(FAILURE, [])).toBe(FAILURE);
});

test('when the connection is lost the VM is taken back over a new one', async () => {
  const [vm, fresh] = [new Vm(), new Vm()];
  const deadMan = await held(vm, () => Promise.resolve(fresh)).hold;
  await deadMan.arm();
  vm.lost = true;
  expect(await deadMan.goBack(LOST, [])).toMatchObject({ id: 'reverted' });
  expect(fresh.ran).toEqual(['revert']);
});

test('when no login works either it is said when the VM goes back by itself', async () => {
  const vm = new Vm();
  const deadMan = await held(vm, () => Promise.reject(LOST)).hold;
  await deadMan.arm();
  vm.lost = true;
  expect(await deadMan.goBack(LOST, [])).toMatchObject({
    id: 'reverts-by-itself',
    message: expect.stringContaining('at 09:10:11'),
  });
});

test('a VM that went back before the confirmation is told as that, and nothing more is done', async () => {
  const vm = new Vm();
  const deadMan = await held(vm).hold;
  await deadMan.arm();
  vm.state = 'reverted-why=not confirmed within 90 s\n';
  const failure: unknown = await deadMan.confirm().catch((error: unknown) => error);
  expect(failure).toMatchObject({ id: 'reverted', message: expect.stringContaining('not confirmed within 90 s') });
  expect(await deadMan.goBack(failure, [])).toBe(failure);
  expect(vm.ran).not.toContain('revert');
});

test('a switch that a dead run left armed is taken over at once; what it left is told', async () => {
  const vm = new Vm('armed-since=T1\narmed-until=T2\narmed-by=ann@desk\nbypassed-since=T0\n');
  const deadMan = await held(vm).hold;
  expect(vm.ran).toEqual(['read', 'arm']);
  expect(deadMan.armed()).toBe(true);
  expect(deadMan.found).toEqual([
    'vm1: an earlier run by ann@desk ended at some time after T1 without a word; taken over.',
    'vm1: meshx-bypass kept it out of the mesh since T0; this run brings it back.',
  ]);
});

test('a bug of meshx stays one, and the VM is taken back all the same', async () => {
  const vm = new Vm();
  const deadMan = await held(vm).hold;
  await deadMan.arm();
  const bug = new TypeError('not a function');
  expect(await deadMan.goBack(bug, [])).toBe(bug);
  expect(vm.ran).toContain('revert');
});

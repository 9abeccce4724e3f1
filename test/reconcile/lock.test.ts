import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { Problem } from '../../src/problems.ts';
import { auditMembers } from '../../src/reconcile/audit.ts';
import { type Held, type LockOptions, withLock } from '../../src/reconcile/lock.ts';
import { problemOf } from '../support/problem.ts';
import { ShimMachine } from './shim-machine.ts';

const holder = (who: string) => ({ run: `run-of-${who}`, who: `${who}@desk`, command: `meshx up vm-of-${who}` });
const options = (more: Partial<LockOptions<unknown>> = {}) => ({
  signal: new AbortController().signal,
  again: 'meshx up vm',
  ...more,
});
const lockOf = (vm: ShimMachine): string => vm.path('run/meshx/operator');

/** Someone holds the lock until `end` is called. */
async function holding(vm: ShimMachine, who = 'anna', more: Partial<LockOptions<unknown>> = {}) {
  let end: () => void = () => undefined;
  let held: Held | undefined;
  let begun: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (end = resolve));
  const taken = new Promise<void>((resolve) => (begun = resolve));
  const work = withLock(vm, holder(who), options(more), async (given) => {
    held = given;
    begun();
    await until;
    return 'done';
  });
  work.catch(() => undefined);
  await Promise.race([taken, work]);
  return { end, work, held: () => held };
}

/** Writes what a lock would say whose connection is served by that process. */
function writeLock(vm: ShimMachine, anchor: string, more: { renewed?: number; run?: string } = {}): void {
  const renewed = more.renewed ?? Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split('.')[0]));
  const lines = {
    run: more.run ?? 'other',
    anchor,
    lease: '90',
    renewed,
    since: '2025-11-21T09:00:00Z',
    from: '10.150.0.9',
  };
  const text = Object.entries({ ...lines, login: 'deploy', who: 'ben@laptop', command: 'meshx down vm' });
  mkdirSync(vm.path('run/meshx'), { recursive: true });
  writeFileSync(lockOf(vm), text.map(([key, value]) => `${key} ${value}\n`).join(''));
}

/** Again and again, as a renewal may be under way; no one of us takes the lock of the folder here. */
async function until(signal: AbortSignal, act: () => void): Promise<void> {
  while (!signal.aborted) {
    act();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const startOf = (pid: number | undefined): string =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ')[19] ?? '';

async function sleeper() {
  const child = spawn('sleep', ['600']);
  await once(child, 'spawn');
  return {
    anchor: `${child.pid} ${startOf(child.pid)}`,
    kill: async () => (child.kill('SIGKILL'), await once(child, 'exit')),
  };
}

test('the second operator sees who holds the lock, since when, from where and for what, and how to continue', async () => {
  const vm = new ShimMachine();
  const living = await sleeper();
  writeLock(vm, living.anchor);
  const { id, message, hint } = await problemOf(withLock(vm, holder('carla'), options(), async () => 'no'));
  await living.kill();
  expect(id).toBe('vm-locked');
  for (const part of ['ben@laptop', '10.150.0.9', '2025-11-21T09:00:00Z', 'meshx down vm'])
    expect(message).toContain(part);
  expect(hint).toContain('meshx up vm');
  expect(readFileSync(lockOf(vm), 'utf8')).toContain('ben@laptop');
});

test('a lock takes one round trip, giving it back another, and nothing is left', async () => {
  const vm = new ShimMachine();
  const seen = await withLock(vm, holder('anna'), options(), async ({ moved }) => {
    expect(readFileSync(lockOf(vm), 'utf8')).toContain('who anna@desk\ncommand meshx up vm-of-anna\n');
    return moved;
  });
  expect(seen).toBe(false);
  expect(vm.ran).toEqual(['meshx-run-begin', 'meshx-run-end']);
  expect(existsSync(vm.path('run/meshx'))).toBe(false);
});

test('the lock of a dead process is free at once, and the next run learns that the machine may have changed', async () => {
  const vm = new ShimMachine();
  const dead = await sleeper();
  await dead.kill();
  writeLock(vm, dead.anchor);
  expect(await withLock(vm, holder('carla'), options(), async ({ moved }) => moved)).toBe(true);
});

test('a process that has got the number of a dead one does not hold its lock', async () => {
  const vm = new ShimMachine();
  writeLock(vm, `${process.pid} 1`);
  expect(await withLock(vm, holder('carla'), options(), async () => 'mine')).toBe('mine');
});

test('a holder that is just dying is waited for', async () => {
  const vm = new ShimMachine();
  const dying = await sleeper();
  writeLock(vm, dying.anchor);
  const mine = withLock(vm, holder('carla'), options(), async () => 'mine');
  await dying.kill();
  expect(await mine).toBe('mine');
});

test.each([
  ['was not renewed for longer than its lease', -91],
  ['says that it was renewed in the future', 1000],
])('a lock that %s is free, although its process lives', async (_what, seconds) => {
  const vm = new ShimMachine();
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split('.')[0]);
  writeLock(vm, `${process.pid} ${startOf(process.pid)}`, { renewed: uptime + seconds });
  expect(await withLock(vm, holder('carla'), options(), async () => 'mine')).toBe('mine');
});

test('a lock file that says nothing holds nothing', async () => {
  const vm = new ShimMachine();
  mkdirSync(vm.path('run/meshx'), { recursive: true });
  writeFileSync(lockOf(vm), '');
  expect(await withLock(vm, holder('carla'), options(), async () => 'mine')).toBe('mine');
});

test('the lease is renewed while the work goes on, and not after it', async () => {
  const vm = new ShimMachine();
  const { end, work } = await holding(vm, 'anna', { renewMs: 5 });
  const renewals = (): number => vm.ran.filter((name) => name === 'meshx-run-renew').length;
  while (renewals() < 3) await new Promise((resolve) => setImmediate(resolve));
  end();
  await work;
  expect(vm.ran.at(-1)).toBe('meshx-run-end');
  expect(existsSync(lockOf(vm))).toBe(false);
});

test('work whose lock someone else has taken over is stopped, and the other one keeps the lock', async () => {
  const vm = new ShimMachine();
  const work = withLock(vm, holder('anna'), options({ renewMs: 5 }), async ({ signal }) => {
    await until(signal, () => writeLock(vm, '- -'));
    throw new Problem('change-interrupted', { message: 'stopped', hint: 'go on', issues: ['done: create /etc/a'] });
  });
  const { id, message, issues } = await problemOf(work);
  expect([id, issues]).toEqual(['lock-lost', ['done: create /etc/a']]);
  expect(message).toContain('ben@laptop');
  expect(readFileSync(lockOf(vm), 'utf8')).toContain('ben@laptop');
});

test('a lock that the work itself removed with its folder is no lost lock', async () => {
  const vm = new ShimMachine();
  const work = withLock(vm, holder('anna'), options({ renewMs: 5 }), async () => {
    rmSync(vm.path('run/meshx'), { recursive: true });
    while (!vm.ran.includes('meshx-run-renew')) await new Promise((resolve) => setImmediate(resolve));
    return 'done';
  });
  expect(await work).toBe('done');
  expect(existsSync(vm.path('run/meshx'))).toBe(false);
});

test('a lock that is gone after its lease was lost', async () => {
  const vm = new ShimMachine();
  const work = withLock(vm, holder('anna'), options({ renewMs: 5, leaseSeconds: 0 }), async ({ signal }) => {
    await until(signal, () => rmSync(lockOf(vm), { force: true }));
    return 'done in spite';
  });
  expect((await problemOf(work)).id).toBe('lock-lost');
});

test('the lock is given back when the work fails, with the failure of the work', async () => {
  const vm = new ShimMachine();
  const work = withLock(vm, holder('anna'), options(), async () => Promise.reject(new RangeError('of the work')));
  await expect(work).rejects.toThrow('of the work');
  expect(existsSync(lockOf(vm))).toBe(false);
});

test('the lock is given back after Ctrl-C', async () => {
  const vm = new ShimMachine();
  const operator = new AbortController();
  const work = withLock(vm, holder('anna'), options({ signal: operator.signal }), async ({ signal }) => {
    operator.abort('SIGINT');
    signal.throwIfAborted();
  });
  await expect(work).rejects.toBe('SIGINT');
  expect(existsSync(lockOf(vm))).toBe(false);
});

test('of many operators at once one works at a time', async () => {
  const vm = new ShimMachine();
  let [inside, most] = [0, 0];
  const runs = Array.from({ length: 6 }, (_each, index) =>
    withLock(vm, holder(`op${index}`), options(), async () => {
      most = Math.max(most, (inside += 1));
      await vm.run({ argv: ['true'] });
      inside -= 1;
    }),
  );
  const ends = await Promise.allSettled(runs);
  const refused = ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as Problem).id] : []));
  expect(most).toBe(1);
  expect(ends.length - refused.length).toBeGreaterThan(0);
  expect(refused.filter((id) => id !== 'vm-locked')).toEqual([]);
}, 30_000);

test('what a dead run left running is waited for', async () => {
  const vm = new ShimMachine();
  const dead = await sleeper();
  await dead.kill();
  writeLock(vm, dead.anchor);
  const release = vm.path('release');
  // Its connection is gone: its ancestors are shells, up to init.
  const text = 'echo >&2; until test -e "$1"; do sleep 0.05; done';
  const left = ['sh', '-c', text, 'meshx-file-write', release];
  const shell = spawn('sh', ['-c', '(setsid "$@" &)', 'sh', ...left], { stdio: ['ignore', 'ignore', 'pipe'] });
  await Promise.all([once(shell, 'exit'), once(shell.stderr, 'data')]);
  const mine = withLock(vm, holder('carla'), options(), async () => existsSync(release));
  while (!vm.ran.includes('meshx-run-begin')) await new Promise((resolve) => setImmediate(resolve));
  writeFileSync(release, '');
  expect(await mine).toBe(true);
});

test.each([
  ['another user', (words: readonly string[]) => ['setpriv', '--reuid', '65534', '--clear-groups', ...words]],
  ['a program that only bears such a word', () => ['tail', '-f', '/dev/null', 'meshx-file-write']],
  ['a script to which it is an argument', () => ['sh', '-c', 'sleep 60', 'other', 'meshx-file-write']],
])('a process that %s runs under the name of a script does not block the lock', async (_, words) => {
  const vm = new ShimMachine();
  const dead = await sleeper();
  await dead.kill();
  writeLock(vm, dead.anchor);
  const argv = words(['sh', '-c', 'sleep 60; :', 'meshx-file-write']);
  const shell = spawn('sh', ['-c', '(setsid "$@" >/dev/null & echo $!)', 'sh', ...argv], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [pid] = (await once(shell.stdout, 'data')) as [Buffer];
  try {
    expect(await withLock(vm, holder('carla'), options(), async () => 'done')).toBe('done');
  } finally {
    process.kill(-Number(pid), 'SIGKILL');
  }
});

test("a run whose inspection is older than another run's change learns it; one that inspected later does not", async () => {
  const vm = new ShimMachine();
  const members = (event: 'began' | 'ended') => auditMembers({ event, ...holder('ben'), plan: '0' });
  const note = { began: members('began'), ended: () => members('ended') };
  await withLock(vm, holder('ben'), options({ note }), async () => undefined);
  const moved = async ({ moved }: Held) => moved;
  const secondsAgo = (seconds: number) => options({ lookedAt: performance.now() - seconds * 1000 });
  expect(await withLock(vm, holder('carla'), secondsAgo(600), moved)).toBe(true);
  const audit = vm.path('var/lib/meshx/audit');
  const anHourAgo = Date.now() / 1000 - 3600;
  utimesSync(audit, anHourAgo, anHourAgo);
  expect(await withLock(vm, holder('carla'), secondsAgo(600), moved)).toBe(false);
});

test('words of an operator cannot make lines of their own', async () => {
  const vm = new ShimMachine();
  const evil = { run: 'r', who: 'a@b\nanchor 1 1', command: "x'; $(touch /tmp/meshx-evil) `id`\nrenewed 9" };
  await withLock(vm, evil, options(), async () => {
    expect(readFileSync(lockOf(vm), 'utf8').match(/^(anchor|renewed) /gm)).toEqual(['anchor ', 'renewed ']);
    expect(readFileSync(lockOf(vm), 'utf8')).toContain("x'; $(touch /tmp/meshx-evil) `id` renewed 9");
  });
});

test('an audit that cannot be written lets nothing begin, and the lock is free again', async () => {
  const vm = new ShimMachine();
  mkdirSync(vm.path('var/lib/meshx/audit'), { recursive: true });
  const note = { began: auditMembers({ event: 'began', ...holder('anna'), plan: '0' }), ended: () => '' };
  let begun = false;
  const work = withLock(vm, holder('anna'), options({ note }), async () => (begun = true));
  expect((await problemOf(work)).id).toBe('change-failed');
  expect([begun, existsSync(lockOf(vm))]).toEqual([false, false]);
});

test("an end that cannot be recorded is reported, but never instead of the run's failure", async () => {
  for (const failure of [undefined, new Problem('first', { message: 'm', hint: 'h' })]) {
    const vm = new ShimMachine();
    const audit = vm.path('var/lib/meshx/audit');
    const members = auditMembers({ event: 'began', ...holder('anna'), plan: '0' });
    const work = withLock(vm, holder('anna'), options({ note: { began: members, ended: () => members } }), async () => {
      vm.breaks = 'meshx-run-end';
      if (failure) throw failure;
    });
    expect((await problemOf(work)).id).toBe(failure?.id ?? 'run-not-noted');
    expect(existsSync(audit)).toBe(true);
  }
});

import type { Output } from '../../src/host/run/host.ts';
import { Problem } from '../../src/problems.ts';
import { hostProblems } from '../../src/problems/host.ts';
import { type Held, type LockOptions, withLock } from '../../src/reconcile/lock.ts';
import { Renewal } from '../../src/reconcile/renewal.ts';
import { AnsweringHost } from '../support/answering-host.ts';
import { problemOf } from '../support/problem.ts';

const HOLDER = { run: 'r1', who: 'anna@desk', command: 'meshx up vm1', meshx: '1' };
const TAKEN = 'taken - 1.0\n';
const lost = hostProblems.connectionLost({ host: 'vm1', doing: 'a command', reason: 'reset' });
type Answers = Readonly<Record<string, Partial<Output> | (() => Partial<Output> | Promise<Partial<Output>>)>>;

/** A machine with these answers by script; the lock is free unless they say otherwise. */
function machine(answers: Answers = {}): AnsweringHost {
  return new AnsweringHost(async (script) => {
    const all: Answers = { 'run-begin': { stdout: TAKEN }, ...answers };
    const answer = all[script];
    return (await (typeof answer === 'function' ? answer() : answer)) ?? {};
  });
}

const options = (more: Partial<LockOptions<string>> = {}): LockOptions<string> => ({
  ...{ signal: new AbortController().signal, again: 'meshx up vm1' },
  ...more,
});
const done = async (): Promise<string> => 'done';
const lock = (
  host: AnsweringHost,
  more: Partial<LockOptions<string>> = {},
  body: (held: Held) => Promise<string> = done,
) => withLock(host, HOLDER, options(more), body);

test('a run takes the lock, works and releases it, with one round trip each and a note of both', async () => {
  const host = machine();
  const note = { began: 'began', ended: (end: object) => JSON.stringify(Object.keys(end)) };
  const worked: number[] = [];
  const result = await lock(host, { note }, async () => (worked.push(host.sent.length), 'result'));
  expect([result, worked]).toEqual(['result', [1]]);
  expect(host.sent).toEqual([
    ['run-begin', 'r1', 'anna@desk', 'meshx up vm1', '90', '30', 'began'],
    ['run-end', 'r1', 'again', '["result"]', '["error"]'],
  ]);
  expect(host.commands[1]?.timeoutMs).toBe(30_000);
});

test('without an audit both notes are empty', async () => {
  const host = machine();
  await lock(host);
  expect(host.sent.map((words) => words.slice(2))).toEqual([
    ['anna@desk', 'meshx up vm1', '90', '30', ''],
    ['again', '', ''],
  ]);
});

test('words of the operator fit into one line of the lock, whatever they are', async () => {
  const host = machine();
  const odd = { run: 'r', who: 'a\nb\tc\u0000d', command: `${'x'.repeat(2000)}` };
  await withLock(host, odd, options(), done);
  expect(host.sent[0]?.slice(2, 4)).toEqual(['a b c d', 'x'.repeat(1000)]);
});

test('an image has no lock: nothing is renewed, and nothing released', async () => {
  const host = machine({ 'run-begin': {} });
  const { signal } = new AbortController();
  const held: Held[] = [];
  expect(await lock(host, { signal }, async (each) => (held.push(each), 'done'))).toBe('done');
  expect(held).toEqual([{ signal, moved: false }]);
  expect(host.sent).toHaveLength(1);
});

const HELD_TEXT = 'who ben@laptop\nfrom 10.0.0.9\nsince 2026-01-31T09:00:00Z\ncommand meshx down vm1\n';

test.each<[string, Partial<Output>, string, string]>([
  [
    'another run',
    { exitCode: 190, stdout: HELD_TEXT },
    'vm-locked',
    'ben@laptop from 10.0.0.9 since 2026-01-31T09:00:00Z: meshx down vm1',
  ],
  ['a lock without words', { exitCode: 190 }, 'vm-locked', 'vm1 is being changed by  since : .'],
  [
    'scripts of a dead run',
    { exitCode: 191, stdout: 'file-write\nunit-start\n' },
    'vm-busy',
    'left file-write, unit-start running',
  ],
  [
    'a newer meshx',
    { exitCode: 187, stdout: 'newer lock 1 9 7.2.0 /run/meshx/operator\n' },
    'format-newer',
    'written by meshx 7.2.0',
  ],
  [
    'a full disk',
    { exitCode: 1, stderr: 'No space left on device' },
    'disk-full',
    'could not note the run on the machine before the first change',
  ],
  [
    'anything else',
    { exitCode: 1, stderr: 'no' },
    'change-failed',
    'vm1: could not note the run on the machine before the first change (exit code 1): no',
  ],
])('nothing begins because of %s', async (_title, answer, id, words) => {
  const host = machine({ 'run-begin': answer });
  let begun = false;
  const problem = await problemOf(lock(host, {}, async () => ((begun = true), 'done')));
  expect([problem.id, begun, host.sent.length]).toEqual([id, false, 1]);
  expect(problem.message).toContain(words);
  if (id !== 'format-newer') expect(problem.hint).toContain('meshx up vm1');
  expect(problem.issues).toEqual([]);
});

test('a lock that may have been taken before the connection broke is released', async () => {
  const host = machine({ 'run-begin': () => Promise.reject(lost) });
  const ends: unknown[] = [];
  const note = { began: '', ended: (end: unknown) => (ends.push(end), '') };
  await expect(lock(host, { note })).rejects.toBe(lost);
  expect(ends[0]).toEqual({ error: lost });
  expect(host.sent.map(([script, , missing]) => [script, missing])).toEqual([
    ['run-begin', 'anna@desk'],
    ['run-end', 'again'],
  ]);
});

test.each<[string, string, number | undefined, boolean]>([
  ['the machine says so', 'taken - 1.0\nmoved\n', undefined, true],
  ['no run was ever noted', 'taken - 100.0\n', 1_000_000, false],
  ['the last change is younger than the inspection', 'taken 95.0 100.0\n', 6000, true],
  ['the last change is older', 'taken 95.0 100.0\n', 4000, false],
  ['the age of the inspection is unknown', 'taken 99.9 100.0\n', undefined, false],
  ['a word looks like the answer', 'taken - 1.0\nx moved\nmoved x\n', undefined, false],
  ['a line looks like the times', 'x taken 99.0 100.0\ntaken 95.0 100.0\n', 4000, false],
  ['more than the times', 'taken 99.0 100.0 x\ntaken 95.0 100.0\n', 4000, false],
])('whether another run changed the machine: %s', async (_title, stdout, lookedMsAgo, moved) => {
  const held: boolean[] = [];
  const more = lookedMsAgo === undefined ? {} : { lookedAt: performance.now() - lookedMsAgo };
  await lock(machine({ 'run-begin': { stdout } }), more, async (each) => (held.push(each.moved), 'done'));
  expect(held).toEqual([moved]);
});

test('a change that another run made while the request for the lock was on its way is seen', async () => {
  const lookedAt = performance.now();
  const late = async (): Promise<Partial<Output>> => {
    while (performance.now() - lookedAt <= 20) await new Promise((resolve) => setImmediate(resolve));
    return { stdout: 'taken 99.99 100.00\n' };
  };
  await lock(machine({ 'run-begin': late }), { lookedAt }, async ({ moved }) => {
    expect(moved).toBe(true);
    return 'done';
  });
});

test('a run without an end is reported, with who began it and when', async () => {
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const line = '{"time":"T","who":"ben \\"b\\"","command":"meshx down vm1"}';
  await lock(machine({ 'run-begin': { stdout: `${TAKEN}unfinished ${line}\n` } }), { say });
  await lock(machine({ 'run-begin': { stdout: `${TAKEN}unfinished {}\n` } }), { say });
  await lock(machine(), { say });
  const note = 'this run continues from the current state';
  expect(said).toEqual([
    `note: a run of ben \\"b\\" did not end (begun T: meshx down vm1); ${note}`,
    `note: a run of unknown did not end (begun unknown: unknown); ${note}`,
  ]);
  await lock(machine({ 'run-begin': { stdout: `${TAKEN}unfinished {}\n` } }));
});

/** Until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Works until the lock is lost or so many renewals were made. */
const working = (host: AnsweringHost, renewals: number) => async (held: Held) => {
  const count = () => host.sent.filter(([script]) => script === 'run-renew').length;
  while (!held.signal.aborted && count() < renewals) await new Promise((resolve) => setImmediate(resolve));
  held.signal.throwIfAborted();
  return 'done';
};

test('the lock is renewed while the work lasts, and a failed renewal does not end it', async () => {
  let renewals = 0;
  const host = machine({
    'run-renew': () => {
      renewals += 1;
      if (renewals === 1) throw lost;
      return renewals === 2 ? { exitCode: 1 } : {};
    },
  });
  expect(await lock(host, { renewMs: 2 }, working(host, 3))).toBe('done');
  const [renewal] = host.sent.filter(([script]) => script === 'run-renew');
  expect(renewal).toEqual(['run-renew', 'r1', 'anna@desk', 'meshx up vm1', '90', 'again']);
  expect(host.commands.find(({ argv }) => argv.includes('meshx-run-renew'))?.timeoutMs).toBe(20_000);
  expect(host.sent.at(-1)?.[2]).toBe('again');
});

test('a lock that another run has taken ends the work', async () => {
  const host = machine({ 'run-renew': { exitCode: 190, stdout: HELD_TEXT } });
  const problem = await problemOf(lock(host, { renewMs: 2 }, working(host, 1000)));
  expect(problem).toMatchObject({ id: 'lock-lost', issues: [], hint: expect.stringContaining('meshx up vm1') });
  expect(problem.message).toContain('ben@laptop from 10.0.0.9 took over (meshx down vm1)');
});

test('after its lease a lock that is missing was lost', async () => {
  const host = machine();
  await lock(host, { renewMs: 2, leaseSeconds: 0 }, working(host, 1));
  expect(
    host.sent.map((words) =>
      words.slice(0, 1).concat(words[0] === 'run-begin' ? words[4]! : words.at(words[0] === 'run-end' ? 2 : 5)!),
    ),
  ).toEqual(
    expect.arrayContaining([
      ['run-begin', '0'],
      ['run-renew', 'lost'],
      ['run-end', 'lost'],
    ]),
  );
});

/** Works for so long, from the time at which the lock is held. */
const workingFor = (ms: number) => async () => {
  const start = performance.now();
  await until(() => performance.now() - start > ms);
  return 'done';
};

test('renewals that fail do not make the lease longer', async () => {
  const host = machine({ 'run-renew': { exitCode: 1 } });
  await lock(host, { renewMs: 1, leaseSeconds: 0.05 }, workingFor(60));
  expect(host.sent.at(-1)?.slice(0, 3)).toEqual(['run-end', 'r1', 'lost']);
});

test('renewals that succeed make the lease longer', async () => {
  const host = machine();
  await lock(host, { renewMs: 20, leaseSeconds: 2 }, workingFor(2100));
  expect(host.sent.at(-1)?.slice(0, 3)).toEqual(['run-end', 'r1', 'again']);
});

test('a lock that is found lost at the end is the failure, with what the work has done', async () => {
  const host = () => machine({ 'run-end': { exitCode: 190, stdout: HELD_TEXT } });
  expect(await problemOf(lock(host()))).toMatchObject({ id: 'lock-lost', issues: [] });
  const failure = new Problem('x', { message: 'm', hint: 'h', issues: ['done: a'] });
  const problem = await problemOf(lock(host(), {}, () => Promise.reject(failure)));
  expect(problem).toMatchObject({ id: 'lock-lost', issues: ['done: a'], cause: failure });
  const bug = new RangeError('r');
  expect(await problemOf(lock(host(), {}, () => Promise.reject(bug)))).toMatchObject({ id: 'lock-lost', cause: bug });
});

test.each<[string, Answers[string], string]>([
  ['a script that fails', { exitCode: 3, stderr: ' no \n' }, 'could not be recorded in the audit on the machine: no'],
  ['a script that fails without words', { exitCode: 3 }, 'exit code 3'],
  ['a lost connection', () => Promise.reject(lost), lost.message],
])(
  'an end that was not noted because of %s is a Problem, but not instead of the failure of the work',
  async (_title, end, words) => {
    const problem = await problemOf(lock(machine({ 'run-end': end })));
    expect(problem.id).toBe('run-not-noted');
    expect(problem.message).toContain(words);
    const failure = new RangeError('of the work');
    await expect(lock(machine({ 'run-end': end }), {}, () => Promise.reject(failure))).rejects.toBe(failure);
  },
);

test('a bug at the end is thrown', async () => {
  const bug = new RangeError('r');
  await expect(lock(machine({ 'run-end': () => Promise.reject(bug) }))).rejects.toBe(bug);
});

test('the note of the end knows how the work ended, and how it would have with a lost lock', async () => {
  const ends: unknown[] = [];
  const note = { began: '', ended: (end: unknown) => (ends.push(end), '') };
  const failure = new Problem('x', { message: 'm', hint: 'h', issues: ['done: a'] });
  await expect(lock(machine(), { note }, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(ends).toEqual([
    { error: failure },
    { error: expect.objectContaining({ id: 'lock-lost', issues: ['done: a'] }) },
  ]);
});

test('the work is aborted by the operator', async () => {
  const operator = new AbortController();
  const work = lock(machine(), { signal: operator.signal }, async (held) => {
    operator.abort('SIGINT');
    held.signal.throwIfAborted();
    return 'done';
  });
  await expect(work).rejects.toBe('SIGINT');
});

test('a renewal never runs twice at once, and the last one is waited for', async () => {
  let [inside, most, count] = [0, 0, 0];
  const renewal = new Renewal(1, async () => {
    most = Math.max(most, (inside += 1));
    const start = performance.now();
    await until(() => performance.now() - start > 5);
    inside -= 1;
    count += 1;
    return true;
  });
  await until(() => count > 1 && inside === 1);
  await renewal.stop();
  const atEnd = count;
  expect([most, inside]).toEqual([1, 0]);
  const start = performance.now();
  await until(() => performance.now() - start > 10);
  expect(count).toBe(atEnd);
});

test('the time since the last success counts from its start, and not from a failure', async () => {
  const begun = performance.now();
  const gone: number[] = [];
  const succeeds = [true, false, false];
  const renewal = new Renewal(2, async (ms) => (gone.push(ms), succeeds[gone.length - 1] ?? false));
  await until(() => gone.length > 3);
  const since = await renewal.stop();
  expect(gone[2]).toBeGreaterThan(gone[1]!);
  expect(gone[3]).toBeGreaterThan(gone[2]!);
  expect(since).toBeGreaterThanOrEqual(gone[3]!);
  for (const ms of [since, ...gone]) expect(ms).toBeLessThanOrEqual(performance.now() - begun);
});

import type { Output } from '../../src/host/run/host.ts';
import { Problem } from '../../src/problems.ts';
import { hostProblems } from '../../src/problems/host.ts';
import { apply, applyBegun, type ApplyOptions, type Outcome } from '../../src/reconcile/apply.ts';
import { MOST_TOGETHER } from '../../src/reconcile/batch.ts';
import { Early } from '../../src/reconcile/early.ts';
import type { Change } from '../../src/reconcile/kind.ts';
import { CREATE } from '../../src/reconcile/kinds/directory.ts';
import type { PlannedStep } from '../../src/reconcile/plan.ts';
import { AnsweringHost } from '../support/answering-host.ts';
import { problemOf } from '../support/problem.ts';

/** A change that may share a command. */
const small = (path: string): Change => ({
  summary: `create ${path}`,
  scripts: [{ script: { ...CREATE, args: [path, 'root', '0755'] } }],
});
/** One that has commands of its own. */
const own = (...names: readonly string[]): Change => ({
  summary: names.join(' and '),
  scripts: names.map((name) => ({ script: { name, text: ':', args: ['x'] } })),
});
const step = (id: string, ...changes: readonly Change[]): PlannedStep => ({
  id,
  title: `Step ${id}`,
  changes,
  touches: {},
});

/** A machine on which all that travels together is done, up to a failure. */
const machine = (more: (script: string) => Partial<Output> | Promise<Partial<Output>> = () => ({})): AnsweringHost =>
  new AnsweringHost(async (script, { stdin }) => {
    const done = script === 'changes' ? String(stdin).split('\n').length - 2 : 0;
    return { stdout: 'done\n'.repeat(done), ...(await more(script)) };
  });

async function outcomes(
  host: AnsweringHost,
  steps: readonly PlannedStep[],
  options: Partial<ApplyOptions> = {},
): Promise<readonly Outcome[]> {
  const found: Outcome[] = [];
  const sources = { secret: () => Promise.reject(new Error('no secret')) };
  for await (const outcome of apply({ steps }, host, { sources, ...options })) found.push(outcome);
  return found;
}

/** The scripts that a plan runs, in order. */
async function scriptsOf(...steps: readonly PlannedStep[]): Promise<readonly string[]> {
  const host = machine();
  for (const { problem } of await outcomes(host, steps)) expect(problem).toBeUndefined();
  return host.sent.map(([name = '']) => name);
}

test.each<[string, readonly PlannedStep[], readonly string[]]>([
  ['one small change has a command of its own', [step('a', small('/a'))], ['directory-create']],
  ['small changes of a step share one', [step('a', small('/a'), small('/b'))], ['changes']],
  ['so do those of several steps', [step('a', small('/a')), step('b', small('/b'), small('/c'))], ['changes']],
  ['a step without changes is no barrier', [step('a', small('/a')), step('n'), step('b', small('/b'))], ['changes']],
  [
    'a change with a command of its own is one',
    [step('a', small('/a')), step('b', own('x')), step('c', small('/b'))],
    ['directory-create', 'x', 'directory-create'],
  ],
  [
    'within a step too',
    [step('a', small('/a'), small('/b'), own('x'), small('/c'))],
    ['changes', 'x', 'directory-create'],
  ],
  [
    'a step that begins with a small change is joined up to the first other one',
    [step('a', small('/a')), step('b', small('/b'), own('x')), step('c', small('/c'))],
    ['changes', 'x', 'directory-create'],
  ],
  [
    'a step whose first change is another one waits for it',
    [step('a', small('/a')), step('b', own('x'), small('/b')), step('c', small('/c'))],
    ['directory-create', 'x', 'changes'],
  ],
  ['a change may have several scripts', [step('a', own('x', 'y'))], ['x', 'y']],
])('%s', async (_title, steps, scripts) => {
  expect(await scriptsOf(...steps)).toEqual(scripts);
});

test('no more changes share a command than it has time for', async () => {
  const all = Array.from({ length: MOST_TOGETHER + 2 }, (_, n) => small(`/${n}`));
  expect(MOST_TOGETHER).toBe(200);
  expect(await scriptsOf(step('a', ...all.slice(0, MOST_TOGETHER)))).toEqual(['changes']);
  expect(await scriptsOf(step('a', ...all.slice(0, MOST_TOGETHER + 1)))).toEqual(['changes', 'directory-create']);
  expect(await scriptsOf(step('a', ...all))).toEqual(['changes', 'changes']);
});

test('each step is reported when it ends, with what was done', async () => {
  const found = await outcomes(machine(), [step('a', small('/a')), step('n'), step('b', small('/b'), own('x'))]);
  expect(found).toEqual([
    { id: 'a', title: 'Step a', status: 'changed', done: ['create /a'], ms: expect.any(Number) },
    { id: 'n', title: 'Step n', status: 'unchanged', done: [], ms: expect.any(Number) },
    { id: 'b', title: 'Step b', status: 'changed', done: ['create /b', 'x'], ms: expect.any(Number) },
  ]);
  for (const { ms } of found) expect(ms).toBeLessThan(10_000);
});

test('a step takes the time of its changes, also of those that travelled with others', async () => {
  const passed = async (): Promise<Partial<Output>> => {
    for (const start = performance.now(); performance.now() - start < 15;)
      await new Promise((done) => setImmediate(done));
    return {};
  };
  const begun = performance.now();
  const found = await outcomes(machine(passed), [step('a', small('/a')), step('b', small('/b')), step('c', own('x'))]);
  for (const { ms } of found) {
    expect(ms).toBeGreaterThanOrEqual(10);
    expect(ms).toBeLessThanOrEqual(Math.ceil(performance.now() - begun));
    expect(Number.isInteger(ms)).toBe(true);
  }
});

test('a change that fails ends the run: it reports what is done, not done and skipped', async () => {
  const failing = machine((script) => (script === 'x' ? { exitCode: 3, stderr: 'no' } : {}));
  const steps = [step('a', small('/a')), step('b', own('y'), own('x'), own('z')), step('c', small('/c'))];
  const found = await outcomes(failing, steps, { again: 'meshx up vm1' });
  expect(failing.sent.map(([name]) => name)).toEqual(['directory-create', 'y', 'x']);
  expect(found.map(({ status, done }) => [status, done])).toEqual([
    ['changed', ['create /a']],
    ['failed', ['y']],
    ['skipped', []],
  ]);
  expect(found[2]).toEqual({ id: 'c', title: 'Step c', status: 'skipped', done: [], ms: 0 });
  expect(found[1]?.problem).toMatchObject({
    id: 'change-failed',
    message: 'vm1: could not x (exit code 3): no',
    hint: expect.stringContaining('meshx up vm1'),
    issues: ['done: create /a', 'done: y', 'not done: x', 'not done: z', 'not done: create /c'],
  });
});

test('the second script of a change is not run after the first has failed', async () => {
  const host = machine((script) => (script === 'x' ? { exitCode: 1 } : {}));
  await outcomes(host, [step('a', own('x', 'y'))]);
  expect(host.sent).toEqual([['x', 'x']]);
});

test.each([
  [0, ['failed', 'skipped'], []],
  [1, ['failed', 'skipped'], ['create /1']],
  [2, ['changed', 'failed'], ['create /1', 'create /2']],
  [3, ['changed', 'failed'], ['create /1', 'create /2', 'create /3']],
])(
  'a shared command that fails after %i changes: these are done, and the next one failed',
  async (count, statuses, done) => {
    const host = machine(() => ({ exitCode: 3, stderr: 'no', stdout: 'done\n'.repeat(count) }));
    const steps = [step('a', small('/1'), small('/2')), step('b', small('/3'), small('/4'))];
    const found = await outcomes(host, steps);
    expect(found.map(({ status }) => status)).toEqual(statuses);
    expect(found.flatMap((each) => each.done)).toEqual(done);
    expect(host.sent).toHaveLength(1);
    const all = ['/1', '/2', '/3', '/4'].map((path) => `create ${path}`);
    expect(found.find(({ problem }) => problem)?.problem).toMatchObject({
      message: `vm1: could not ${all[count]} (exit code 3): no`,
      issues: [...done.map((each) => `done: ${each}`), ...all.slice(count).map((each) => `not done: ${each}`)],
    });
  },
);

test('the output of each script with a command of its own is heard, also of one that fails', async () => {
  const heard: [string, string][] = [];
  const host = machine((script) => (script === 'y' ? { exitCode: 1, stderr: 'no' } : { stdout: `out of ${script}` }));
  await outcomes(host, [step('a', own('x', 'y', 'z'))], {
    heard: (name, { stdout, stderr }) => heard.push([name, stdout + stderr]),
  });
  expect(heard).toEqual([
    ['x', 'out of x'],
    ['y', 'no'],
  ]);
});

test('each step that changes something is asked for once, before its first change', async () => {
  const host = machine();
  const asked: [string, number][] = [];
  const beforeStep = async ({ id }: PlannedStep) => void asked.push([id, host.sent.length]);
  await outcomes(host, [step('a', small('/a'), own('x')), step('n'), step('b', small('/b'))], { beforeStep });
  expect(asked).toEqual([
    ['a', 0],
    ['b', 2],
  ]);
  const together: string[] = [];
  await outcomes(machine(), [step('a', small('/a')), step('b', small('/b'))], {
    beforeStep: async ({ id }) => void together.push(id),
  });
  expect(together).toEqual(['a', 'b']);
});

test('a source that cannot be read is the failure, whatever its script said', async () => {
  const source = { file: '/no/such/file', sha256: '0' };
  const change = { summary: 'send', scripts: [{ script: { name: 'send', text: ':', args: [] }, source }] };
  const heard: string[] = [];
  const [outcome] = await outcomes(
    machine(() => ({ exitCode: 181 })),
    [step('a', change)],
    {
      heard: (name) => heard.push(name),
    },
  );
  expect([outcome?.problem?.id, heard]).toEqual(['source-unreadable', ['send']]);
});

test('a Problem before a step is its failure, and nothing of the step is done; anything else is a bug', async () => {
  const refusal = new Problem('no', { message: 'no', hint: '' });
  const refuse = (error: unknown) => ({
    beforeStep: async ({ id }: PlannedStep) => {
      if (id === 'b') throw error;
    },
  });
  const steps = [step('a', small('/a')), step('b', small('/b')), step('c', own('x'))];
  const host = machine();
  const found = await outcomes(host, steps, refuse(refusal));
  expect(found.map(({ status, problem }) => [status, problem])).toEqual([
    ['changed', undefined],
    ['failed', refusal],
    ['skipped', undefined],
  ]);
  expect(host.sent.map(([name]) => name)).toEqual(['directory-create']);
  await expect(outcomes(machine(), steps, refuse(new RangeError('r')))).rejects.toThrow('r');
});

test('an aborted run makes no change', async () => {
  for (const change of [own('x'), small('/a')]) {
    const host = machine();
    const [outcome] = await outcomes(host, [step('a', change, small('/b'))], { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ status: 'failed', problem: { id: 'change-interrupted' } });
    expect(host.sent).toEqual([]);
  }
});

test('a run that is aborted between two scripts makes no further one', async () => {
  const operator = new AbortController();
  const host = machine(() => (operator.abort(), {}));
  const [outcome] = await outcomes(host, [step('a', own('x', 'y'))], { signal: operator.signal });
  expect(outcome?.problem).toMatchObject({ id: 'change-interrupted', issues: ['not done: x and y'] });
  expect(host.sent.map(([name]) => name)).toEqual(['x']);
});

const lost = hostProblems.connectionLost({ host: 'vm1', doing: 'a command', reason: 'reset' });

test.each([
  ['a change', [step('a', own('x'))], 'x'],
  [
    'a shared command',
    [step('a', small('/1'), small('/2'))],
    'make 2 changes (first: create /1), of which some may be done',
  ],
])(
  '%s that is interrupted says what was running; a lost connection is the failure; a bug is thrown',
  async (_title, steps, doing) => {
    const operator = new AbortController();
    const aborting = machine(() => {
      operator.abort();
      throw lost;
    });
    const [aborted] = await outcomes(aborting, steps, { signal: operator.signal, again: 'meshx up vm1' });
    expect(aborted?.problem).toMatchObject({
      id: 'change-interrupted',
      cause: lost,
      hint: expect.stringContaining('meshx up vm1'),
    });
    expect(aborted?.problem?.message).toContain(`interrupted at: ${doing}`);
    const losing = machine(() => Promise.reject(lost));
    expect((await outcomes(losing, steps))[0]).toMatchObject({ status: 'failed', problem: lost });
    const bug = machine(() => Promise.reject(new RangeError('r')));
    await expect(outcomes(bug, steps)).rejects.toThrow('r');
  },
);

test('a bug is thrown as what it is, also by a run that was aborted', async () => {
  const [outcome] = await outcomes(
    machine(() => Promise.reject(new RangeError('r'))),
    [step('a', own('x'))],
    { signal: AbortSignal.abort() },
  );
  expect(outcome?.problem?.id).toBe('change-interrupted');
});

test('steps before the checks and after them are separate runs', async () => {
  const steps = [
    step('a', own('x')),
    { ...step('late', own('y')), when: 'after-checks' as const },
    step('b', own('z')),
  ];
  const run = async (only?: ApplyOptions['only']) =>
    (await outcomes(machine(), steps, only ? { only } : {})).map(({ id }) => id);
  expect(await run('before-checks')).toEqual(['a', 'b']);
  expect(await run('after-checks')).toEqual(['late']);
  expect(await run()).toEqual(['a', 'late', 'b']);
});

const touching = (id: string, ...changes: readonly Change[]): PlannedStep => ({
  ...step(id, ...changes),
  touches: { paths: ['/etc/a'] },
});

test('the state before is saved before the first change, and a failure of that is thrown', async () => {
  const host = machine();
  await outcomes(host, [touching('a', own('x'))]);
  expect(host.sent.map(([name]) => name)).toEqual(['journal', 'x']);
  expect(String(host.commands[0]?.stdin)).toBe('=keep_path =/etc/a\nend\n');
  const full = machine((script) => (script === 'journal' ? { exitCode: 1, stderr: 'No space left on device' } : {}));
  const problem = await problemOf(outcomes(full, [touching('a', own('x'))], { again: 'meshx up vm1' }));
  expect(problem).toMatchObject({
    id: 'disk-full',
    issues: ['not done: x'],
    hint: expect.stringContaining('meshx up vm1'),
  });
  expect(problem.message).toContain('could not keep the state before the first change');
  expect(full.sent.map(([name]) => name)).toEqual(['journal']);
});

test('no state is saved for an undo, or for steps without changes', async () => {
  const undo = machine();
  await outcomes(undo, [touching('a', own('x'))], { journal: false });
  expect(undo.sent.map(([name]) => name)).toEqual(['x']);
  const empty = machine();
  await outcomes(empty, [touching('a')]);
  expect(empty.sent).toEqual([]);
  const others = machine();
  await outcomes(others, [step('a', own('x')), { ...touching('b', own('y')), when: 'after-checks' }], {
    only: 'before-checks',
  });
  expect(others.sent.map(([name]) => name)).toEqual(['journal', 'x']);
});

test('a snapshot that is being taken already is waited for, and sent along', async () => {
  const host = machine();
  const picture = Promise.resolve({ tables: 'nft:ip:nat', base64: 'QQ==' });
  await outcomes(host, [touching('a', own('x'))], { picture });
  expect(String(host.commands[0]?.stdin)).toContain('=picture =nft:ip:nat =QQ==\n');
  const failure = new Problem('probe-failed', { message: 'm', hint: 'h' });
  const failing = Promise.reject(failure);
  failing.catch(() => undefined);
  expect(await problemOf(outcomes(machine(), [touching('a', own('x'))], { picture: failing }))).toBe(failure);
});

test('an aborted run does not wait for a snapshot', async () => {
  const operator = new AbortController();
  const never = new Promise<never>(() => undefined);
  const run = outcomes(machine(), [touching('a', own('x'))], { picture: never, signal: operator.signal });
  operator.abort(lost);
  await expect(run).rejects.toBe(lost);
  const late = outcomes(machine(), [touching('a', own('x'))], { picture: never, signal: AbortSignal.abort(lost) });
  await expect(late).rejects.toBe(lost);
});

const upload: Change = {
  summary: 'upload',
  scripts: [{ script: { name: 'upload', text: ':', args: [] }, early: true, timeoutMs: 7 }, ...own('install').scripts],
};

const second: Change = {
  summary: 'second',
  scripts: [{ ...upload.scripts[0]!, script: { name: 'second', text: ':', args: [] } }],
};

test('uploads start before everything else, one at a time, and are waited for in their turn', async () => {
  let [inside, most] = [0, 0];
  const host = machine(async (script) => {
    if (script !== 'upload' && script !== 'second') return {};
    most = Math.max(most, (inside += 1));
    await new Promise((done) => setImmediate(done));
    inside -= 1;
    return {};
  });
  const waited: [string, number][] = [];
  const found = await outcomes(host, [touching('a', own('x')), step('p', upload), step('q', second)], {
    waited: (name, ms) => waited.push([name, ms]),
  });
  const names = host.sent.map(([name]) => name);
  expect(names.filter((name) => name !== 'second')).toEqual(['journal', 'upload', 'x', 'install']);
  expect([names.filter((name) => name === 'second').length, most]).toEqual([1, 1]);
  expect(host.commands[1]?.timeoutMs).toBe(7);
  expect(host.commands[2]).not.toHaveProperty('timeoutMs');
  expect(waited.map(([name]) => name)).toEqual(['upload', 'second']);
  for (const [, ms] of waited) expect(ms).toBeLessThan(10_000);
  expect(found.map(({ status }) => status)).toEqual(['changed', 'changed', 'changed']);
});

test('the next upload starts although one has failed', async () => {
  const host = machine((script) => (script === 'upload' ? Promise.reject(lost) : {}));
  const sources = { secret: () => Promise.reject(new Error('no secret')) };
  await using early = new Early({ steps: [step('p', upload), step('q', second)] }, host, { sources });
  await expect(early.taken(upload.scripts[0]!)).rejects.toBe(lost);
  expect(await early.taken(second.scripts[0]!)).toMatchObject({ output: { exitCode: 0 } });
});

test('an upload that fails is the failure of its own change, in its turn', async () => {
  const host = machine((script) => (script === 'upload' ? { exitCode: 181, stderr: 'cut' } : {}));
  const found = await outcomes(host, [step('a', own('x')), step('p', upload)]);
  expect(found.map(({ status }) => status)).toEqual(['changed', 'failed']);
  expect(found[1]?.problem?.id).toBe('arrived-incomplete');
  const losing = machine((script) => (script === 'upload' ? Promise.reject(lost) : {}));
  expect((await outcomes(losing, [step('a', own('x')), step('p', upload)]))[1]?.problem).toBe(lost);
});

test('an upload that is no longer needed is ended, and waited for', async () => {
  let ended = false;
  const host = new AnsweringHost((script, _command, signal) => {
    if (script !== 'upload') return { exitCode: 1 };
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        setImmediate(() => {
          ended = true;
          reject(lost);
        });
      });
    });
  });
  const found = await outcomes(host, [step('a', own('x')), step('p', upload)], {
    signal: new AbortController().signal,
  });
  expect([found.map(({ status }) => status), ended]).toEqual([['failed', 'skipped'], true]);
});

test('an aborted run starts no upload, and a step that is not asked for has none', async () => {
  const sources = { secret: () => Promise.reject(new Error('no secret')) };
  const started = async (options: Partial<ApplyOptions>) => {
    const host = machine();
    const late = { ...step('p', upload), when: 'after-checks' as const };
    await using early = new Early({ steps: [late] }, host, { sources, ...options });
    await early.taken(upload.scripts[0]!);
    return [host.sent.length, early.taken(upload.scripts[0]!) !== undefined, early.taken(upload.scripts[1]!)];
  };
  expect(await started({})).toEqual([1, true, undefined]);
  expect(await started({ only: 'before-checks' })).toEqual([0, false, undefined]);
  expect(await started({ signal: AbortSignal.abort() })).toEqual([0, false, undefined]);
});

test('a caller may start the upload and the journal before the changes', async () => {
  const host = machine();
  const plan = { steps: [touching('a', own('x')), step('p', upload)] };
  const options = { sources: { secret: () => Promise.reject(new Error('no secret')) } };
  await using early = new Early(plan, host, options);
  await Promise.all([early.kept, early.taken(upload.scripts[0]!)]);
  expect(host.sent.map(([name]) => name)).toEqual(['journal', 'upload']);
  for await (const { problem } of applyBegun(plan, host, { ...options, early })) expect(problem).toBeUndefined();
  expect(host.sent.map(([name]) => name)).toEqual(['journal', 'upload', 'x', 'install']);
});

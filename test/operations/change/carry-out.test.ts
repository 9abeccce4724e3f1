import { EMPTY_PLAN } from '../../../src/cluster/api/plan.ts';
import { change, expected, plannedPhases } from '../../../src/operations/change/change.ts';
import type { Decision } from '../../../src/operations/change/decision.ts';
import { planOrChange } from '../../../src/operations/change/plan-or-change.ts';
import { Problem } from '../../../src/problems.ts';
import { PLAN, type Result, Subject } from './subject.ts';

const EMPTY = { plan: { steps: [] }, drain: undefined, cluster: undefined } as const;
const ENTRY = { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'vm' };
const problem = (id: string, issues: readonly string[] = []) => new Problem(id, { message: id, hint: 'h', issues });

test('every phase and everything else that happens is reported in order', async () => {
  const subject = new Subject();
  await subject.change();
  const lines = subject.events.map((event) => {
    if (event.kind === 'phase') return `${event.phase.id}: ${event.phase.status}`;
    if (event.kind === 'began') return `${event.phase.id} began`;
    return event.kind === 'heard' ? `heard ${event.name}` : event.kind;
  });
  // Settle and verify run in parallel.
  expect(lines.filter((line) => line !== 'result')).toEqual([
    ...['draining', 'drain began', 'drain: changed', 'registration began', 'registration: changed'],
    ...['files began', 'heard file', 'files: changed', 'arm began', 'armed', 'arm: changed'],
    ...['sidecar began', 'heard unit-start', 'sidecar: changed', 'return began', 'return: changed'],
    ...['settle began', 'verify began', 'settle: changed', 'verify: changed'],
    ...['confirm began', 'confirmed', 'confirm: changed', 'boot: changed'],
  ]);
});

test('a report has what was written to the cluster, the results, and all lasting changes', async () => {
  const subject = new Subject();
  const { cluster, results, done, notes } = await subject.change();
  expect(cluster).toEqual(['created Service vm/web']);
  expect([results, notes]).toEqual([subject.results, []]);
  expect(done).toEqual([
    'created Service vm/web',
    'take web out of rotation (WorkloadEntry vm/web-10.0.0.5)',
    'wait up to 1 s for open connections to end',
    ...['create /etc/a', 'restart istio.service'],
    'take web back into rotation (WorkloadEntry vm/web-10.0.0.5)',
    'enable istio.service',
  ]);
});

test('a registration that is up to date is reported so, and nothing is written', async () => {
  const subject = new Subject();
  const cluster = { kube: subject.kube, plan: { ...EMPTY_PLAN, unchanged: [ENTRY] } };
  const report = await subject.change({ ...EMPTY, cluster });
  expect(report.phases[0]).toMatchObject({ id: 'registration', status: 'unchanged', changes: [] });
  expect([report.status, report.cluster, subject.kube.objects.size]).toEqual(['unchanged', [], 1]);
});

test('the cluster is written after clients have left and before the VM is changed', async () => {
  const subject = new Subject();
  subject.kube.refused.add('Service');
  const { phases } = await subject.change();
  expect(phases.map(({ id, status }) => [id, status])).toEqual([
    ['drain', 'changed'],
    ['registration', 'failed'],
  ]);
  expect(subject.vm.ran).not.toContain('file');
});

test('the state before is read before the first change', async () => {
  const subject = new Subject();
  const ran: string[] = [];
  const verify: NonNullable<Decision<Result>['verify']> = {
    ...subject.decision().verify!,
    before: async () => {
      ran.push(...subject.vm.ran);
      return async function* () {
        yield await Promise.resolve({ ok: true, title: 'x' } as const);
      };
    },
  };
  const { results } = await subject.change({ verify });
  expect(ran.filter((name) => /^(drain|file|switch-arm)$/.test(name))).toEqual([]);
  expect(results).toEqual([{ ok: true, title: 'x' }]);
});

test('the new login is opened before the checks, and only where a switch is armed', async () => {
  const subject = new Subject();
  const logins: number[] = [];
  subject.onCheck = () => logins.push(subject.vm.logins);
  await subject.change();
  expect([logins, subject.vm.logins]).toEqual([[2, 2], 2]);
  const unarmed = new Subject();
  await unarmed.change({ ...EMPTY });
  expect(unarmed.vm.logins).toBe(1);
});

test('checks stop at the first failure only where a VM is about to roll back', async () => {
  const failing = (title: string) => ({ ok: false, title }) as const;
  for (const [guard, checked] of [
    [true, ['one']],
    [false, ['one', 'two']],
  ] as const) {
    const subject = new Subject();
    subject.results = [failing('one'), failing('two')];
    await subject.change(guard ? {} : { guard: undefined });
    expect(subject.checked).toEqual(checked);
  }
});

test('changes that remain are named, and the checks that still run are not waited for', async () => {
  const subject = new Subject();
  subject.vm.unsettled = true;
  let checks = 0;
  subject.results = Array.from({ length: 1000 }, (_, n) => ({ ok: true, title: `${n}` }));
  subject.onCheck = () => (checks += 1);
  const report = await subject.change({ guard: undefined });
  expect(report.problem).toMatchObject({ id: 'vm-not-settled', issues: ['enable guard.service'] });
  expect(report.results.length).toBeLessThan(1000);
  expect(checks).toBeLessThan(1000);
  expect(report.phases.at(-1)).toMatchObject({ id: 'verify' });
});

test('a VM that an earlier run left armed is armed anew before anything else', async () => {
  const subject = new Subject();
  subject.vm.armed = true;
  const { phases, notes } = await subject.change();
  expect(phases[0]).toMatchObject({ id: 'take-over', status: 'changed' });
  expect(notes).toEqual([expect.stringContaining('vm1: an earlier run by ann@desk')]);
  const ran = subject.vm.ran;
  expect(ran.indexOf('switch-arm')).toBeLessThan(ran.indexOf('drain'));
  expect(ran.filter((name) => name === 'switch-arm')).toHaveLength(2);
});

test('the switch is read only if something is to be changed, or if an armed one is to be found', async () => {
  const asks = async (more: Parameters<Subject['planned']>[0]) => {
    const subject = new Subject();
    await subject.planned(more);
    return subject.vm.ran.includes('switch-read');
  };
  const { guard, cluster } = new Subject().decision();
  expect(await asks({})).toBe(true);
  expect(await asks({ guard: undefined })).toBe(false);
  expect(await asks({ ...EMPTY })).toBe(false);
  expect(await asks({ ...EMPTY, guard: { ...guard!, evenIfEmpty: true } })).toBe(true);
  expect(await asks({ ...EMPTY, cluster })).toBe(true);
});

test('writes to the cluster alone take the lock, and count as a change', async () => {
  const subject = new Subject();
  const { cluster } = subject.decision();
  const report = await subject.change({ ...EMPTY, cluster, guard: undefined });
  expect([report.status, subject.vm.ran[0]]).toEqual(['changed', 'run-begin']);
  expect(subject.vm.audit[0]).toContain('"changes":1');
});

test('the audit has the number of changes that were planned, and of those that were made', async () => {
  const subject = new Subject();
  await subject.change();
  expect(subject.vm.audit[0]).toMatch(/"event":"began",.*"changes":4/);
  expect(subject.vm.audit[1]).toMatch(/"event":"ended",.*"changes":7,"result":"changed"/);
});

test('the audit tells a bug from an expected failure', async () => {
  const subject = new Subject();
  subject.onCheck = () => {
    throw new RangeError('a bug');
  };
  await expect(subject.change()).rejects.toThrow('a bug');
  expect(subject.vm.audit[1]).toContain('"result":"failed: bug"');
});

test('a VM that was changed before it was inspected has not moved', async () => {
  const subject = new Subject();
  subject.vm.prints.set('run-begin', { stdout: 'taken 0.5 1.0\n' });
  await subject.change();
  expect(subject.events.map(({ kind }) => kind)).not.toContain('inspected-again');
});

test('to take over an armed switch counts as a change only if there is no other one', async () => {
  const subject = new Subject();
  subject.vm.armed = true;
  const { guard } = subject.decision();
  await subject.change({ cluster: undefined, guard: { ...guard!, evenIfEmpty: true } });
  expect(subject.vm.audit[0]).toContain('"changes":3');
});

test('a new decision under the lock that has only a switch to take over asks the VM for it', async () => {
  const subject = new Subject();
  [subject.vm.moved, subject.vm.armed] = [true, true];
  const { guard } = subject.decision();
  const inspect = async () => ({ plan: { steps: [] }, guard: { ...guard!, evenIfEmpty: true as const } });
  const { phases } = await change({ ...(await subject.about()), inspect });
  expect(phases.map(({ id }) => id)).toEqual(['take-over', 'confirm']);
});

test('an empty decision without a guard asks the VM nothing', async () => {
  const subject = new Subject();
  const report = await subject.change({ ...EMPTY, guard: undefined, verify: undefined, steps: undefined });
  expect([report.status, report.phases, subject.vm.ran]).toEqual(['unchanged', [], []]);
});

test('a comparison names every difference', async () => {
  const compare: NonNullable<Decision<Result>['compare']> = {
    ...{ id: 'compare', title: 'Compare' },
    problem: (failed) =>
      problem(
        'difference-left',
        failed.map(({ title }) => title),
      ),
    before: async () =>
      async function* () {
        for (const title of ['one', 'two']) yield await Promise.resolve({ ok: false, title } as const);
      },
  };
  const report = await new Subject().change({ ...EMPTY, compare, verify: undefined });
  expect(report.problem?.issues).toEqual(['one', 'two']);
});

test('what the lock has to say is a note of the report', async () => {
  const subject = new Subject();
  subject.vm.prints.set('run-begin', {
    stdout: 'taken - 1.0\nunfinished {"who":"ben@desk","time":"T","command":"meshx down vm1"}\n',
  });
  const { notes } = await subject.change();
  expect(notes).toEqual([expect.stringContaining('ben@desk')]);
});

test('a VM that another run changed is changed by the same decision if there is no new one', async () => {
  const subject = new Subject();
  subject.vm.moved = true;
  const report = await subject.change();
  expect([report.status, subject.events[0]?.kind]).toEqual(['changed', 'inspected-again']);
  expect(report.done).toContain('restart istio.service');
});

test('a new decision under the lock brings its own comparison', async () => {
  const subject = new Subject();
  subject.vm.moved = true;
  const compared: string[] = [];
  const compare = (id: string): NonNullable<Decision<Result>['compare']> => ({
    ...{ id, title: 'Compare', problem: () => problem('difference-left') },
    before: async () => {
      compared.push(`before ${id}`);
      return async function* () {
        compared.push(`after ${id}`);
        yield await Promise.resolve({ ok: true, title: id } as const);
      };
    },
  });
  const about = await subject.about({ compare: compare('old') });
  const inspect = async () => ({ plan: { steps: PLAN.steps.slice(0, 1) }, compare: compare('new') });
  const { phases } = await change({ ...about, inspect });
  expect(compared).toEqual(['before new', 'after new']);
  expect(phases.at(-1)).toMatchObject({ kind: 'compare', id: 'new', status: 'changed' });
});

test('a dry run reports the phases and the writes, and changes nothing', async () => {
  const subject = new Subject();
  const about = await subject.about();
  const world = {
    ...{ env: {}, cwd: '/', home: '/', now: about.now, signal: about.signal, version: '1' },
    note: () => undefined,
  };
  const calling = {
    ...{ vm: 'vm1', command: about.command, again: about.again, observe: about.observe },
    login: () => subject.vm.login(),
  };
  const found = { host: about.host, inspectedAt: about.inspectedAt, decision: about.decision };
  const inspect = () => Promise.resolve(about.decision);
  const planned = await planOrChange(world, { ...calling, dryRun: true }, { ...found, inspect });
  expect(planned).toMatchObject({ status: 'planned', cluster: ['create Service vm/web'] });
  expect(planned.phases.map(({ id }) => id)).toEqual((await plannedPhases(about)).map(({ id }) => id));
  expect(subject.events).toEqual(planned.phases.map((phase) => ({ kind: 'phase', phase })));
  expect(new Set(subject.vm.ran)).toEqual(new Set(['mesh-connections', 'switch-read']));
  const bare = await planOrChange(
    world,
    { ...calling, dryRun: true },
    { ...found, decision: { plan: { steps: [] } }, inspect },
  );
  expect(bare).toEqual({ status: 'planned', phases: [], cluster: [] });

  const env = { USER: 'ann' };
  const made = await planOrChange({ ...world, env }, { ...calling, dryRun: false }, { ...found, inspect });
  expect(made).toMatchObject({ status: 'changed', confirmed: true });
  expect(subject.vm.audit[0]).toMatch(/"who":"ann@.*"command":"meshx up vm1","meshx":"1"/);
});

test('errors after Ctrl-C are the interruption, unless a Problem already says what was done', () => {
  const [going, aborted] = [new AbortController().signal, AbortSignal.abort()];
  const [plain, told] = [problem('plain'), problem('with-issues', ['done: a'])];
  expect(expected(plain, going, [])).toBe(plain);
  expect(expected(told, going, [])).toBe(told);
  expect(expected(told, aborted, [])).toBe(told);
  expect(expected(plain, aborted, ['a'])).toMatchObject({ id: 'interrupted', cause: plain });
  expect(expected(new TypeError('x'), aborted, ['a']).issues.join()).toContain('a');
  expect(() => expected(new TypeError('x'), going, [])).toThrow(new TypeError('x'));
});

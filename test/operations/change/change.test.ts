import { Problem } from '../../../src/problems.ts';
import type { Decision } from '../../../src/operations/change/decision.ts';
import { change } from '../../../src/operations/change/change.ts';
import { type More, PLAN, type Result, Subject } from './subject.ts';

const EMPTY: More = { plan: { steps: [] }, drain: undefined, cluster: undefined };
const problem = (id: string) => new Problem(id, { message: id, hint: 'h' });

test('the phases that were planned are those that are reported, in their order and with their lines', async () => {
  const subject = new Subject();
  const planned = await subject.planned();
  expect(subject.vm.ran).toEqual(['mesh-connections', 'switch-read']);
  const { phases, status } = await subject.change();
  expect(status).toBe('changed');
  expect(phases.map(({ kind, id, title, changes }) => ({ kind, id, title, changes }))).toEqual(planned);
  expect(planned.map(({ id }) => id)).toEqual([
    ...['drain', 'registration', 'files', 'arm', 'sidecar', 'return', 'settle', 'verify', 'confirm', 'boot'],
  ]);
});

test('a phase that the decision leaves out is not in the plan, and does not happen', async () => {
  const subject = new Subject();
  const bare: More = { guard: undefined, drain: undefined, steps: undefined, verify: undefined };
  expect((await subject.planned(bare)).map(({ id }) => id)).toEqual(['registration', 'files', 'sidecar', 'boot']);
  await subject.change(bare);
  expect(subject.vm.ran).toEqual(['run-begin', 'journal', 'file', 'unit-start', 'journal', 'unit-enable', 'run-end']);
});

test('without open connections nothing is drained, and nothing leaves rotation', async () => {
  const subject = new Subject();
  subject.vm.connections = 0;
  const { phases } = await subject.change();
  expect(phases.map(({ id }) => id)).not.toContain('drain');
  expect(subject.vm.ran).not.toContain('drain');
});

test('open connections that no one has allowed to end stop the run before it changes anything', async () => {
  const subject = new Subject();
  const { drain } = subject.decision();
  const refused = drain?.for === 'restart' ? { ...drain, allowed: false } : drain;
  const report = await subject.change({ drain: refused });
  expect(report).toMatchObject({ status: 'failed', phases: [], done: [], problem: { id: 'restart-ends-connections' } });
  expect(subject.vm.ran).toEqual(['run-begin', 'mesh-connections', 'switch-read', 'run-end']);
});

test('what a run that died left out of rotation returns with this one', async () => {
  const subject = new Subject();
  const entry = [...subject.kube.objects.values()][0]!;
  await subject.kube.patch(
    { ...entry, name: 'web-10.0.0.5', namespace: 'vm' },
    { labels: { 'service.meshx.dev/web': 'draining' } },
  );
  const { phases } = await subject.change();
  expect(phases.map(({ id }) => id)).toContain('return');
  expect(subject.inRotation).toBe(true);
});

test('a failed check rolls the VM back at once: no further check is made, and nothing is confirmed', async () => {
  const subject = new Subject();
  subject.results = [
    { ok: true, title: 'first' },
    { ok: false, title: 'broken' },
    { ok: false, title: 'never made' },
  ];
  const report = await subject.change();
  expect(subject.checked).toEqual(['first', 'broken']);
  expect(report.problem).toMatchObject({ id: 'reverted', issues: expect.arrayContaining(['broken']) });
  expect([subject.vm.ended, subject.vm.capture, subject.vm.enabled]).toEqual(['rolled back', false, false]);
  expect(subject.vm.ran).not.toContain('switch-confirm');
});

test('where nothing is armed every check is made, and the Problem names all that failed', async () => {
  const subject = new Subject();
  subject.results = ['one', 'two'].map((title) => ({ ok: false, title }));
  const report = await subject.change({ guard: undefined });
  expect(report.problem).toMatchObject({ id: 'check-failed', issues: ['one', 'two'] });
  expect(subject.vm.enabled).toBe(false);
});

test('a check that was skipped stops nothing', async () => {
  const subject = new Subject();
  subject.results = [{ ok: 'skipped', title: 'only' }];
  expect(await subject.change()).toMatchObject({ status: 'changed', confirmed: true, rolledBack: false });
});

test('an empty decision takes no lock and asks nothing; its checks are made all the same', async () => {
  const subject = new Subject();
  const report = await subject.change({ ...EMPTY });
  expect([report.status, subject.vm.ran, subject.checked]).toEqual(['unchanged', [], ['first', 'second']]);
});

test('a switch that a dead run left armed is taken over under the lock although nothing else is to be done', async () => {
  const subject = new Subject();
  subject.vm.armed = true;
  const guard = { within: 30, login: () => subject.vm.login(), evenIfEmpty: true } as const;
  const report = await subject.change({ ...EMPTY, guard, verify: undefined, steps: undefined });
  expect(report.phases.map(({ id }) => id)).toEqual(['take-over', 'confirm']);
  expect(report.notes[0]).toContain('an earlier run by ann@desk that started');
  expect([subject.vm.ran[1], subject.vm.ended]).toEqual(['run-begin', 'confirmed']);
});

test('with the switch at rest that costs one question, and no lock', async () => {
  const subject = new Subject();
  const guard = { within: 30, login: () => subject.vm.login(), evenIfEmpty: true } as const;
  expect((await subject.change({ ...EMPTY, guard, verify: undefined })).status).toBe('unchanged');
  expect(new Set(subject.vm.ran)).toEqual(new Set(['switch-read']));
});

test('a VM that another run changed since is inspected again under the lock, and the new decision is carried out', async () => {
  const subject = new Subject();
  subject.vm.moved = true;
  const about = await subject.about();
  const left = { steps: PLAN.steps.slice(0, 1) };
  const inspect = () => Promise.resolve({ plan: left });
  const report = await change({ ...about, inspect });
  expect(report.phases.filter(({ kind }) => kind === 'step').map(({ id }) => id)).toEqual(['files']);
  expect(subject.events[0]).toEqual({ kind: 'inspected-again' });
});

test('what is compared is seen before the first change, and compared after the lock was released', async () => {
  const subject = new Subject();
  const seen: string[] = [];
  const compare: Decision<Result>['compare'] = {
    ...{ id: 'compare', title: 'Compare', problem: () => problem('difference-left') },
    before: async () => {
      seen.push(`before ${subject.vm.ran.length}`);
      return async function* () {
        seen.push(`after ${subject.vm.ran.at(-1)}`);
        yield await Promise.resolve({ ok: false, title: 'differs' } as const);
      };
    },
  };
  const report = await subject.change({ compare, guard: undefined, drain: undefined });
  expect(seen).toEqual(['before 1', 'after run-end']);
  expect(report).toMatchObject({ status: 'failed', problem: { id: 'difference-left' } });
  expect(subject.vm.audit[1]).toContain('"changed"');
});

test('a bug is thrown as what it is, after the VM was rolled back', async () => {
  const subject = new Subject();
  const bug = new TypeError('not a function');
  subject.onCheck = () => {
    throw bug;
  };
  await expect(subject.change()).rejects.toBe(bug);
  expect(subject.vm.ended).toBe('rolled back');
});

test('a lock that was lost leaves the switch to the operator who has taken over', async () => {
  const subject = new Subject();
  const lost = new AbortController();
  const about = await subject.about();
  subject.onCheck = () => lost.abort(problem('lock-lost'));
  subject.results = [{ ok: false, title: 'broken' }];
  const report = await change({ ...about, signal: AbortSignal.any([about.signal, lost.signal]) });
  expect(report.status).toBe('failed');
  expect(subject.vm.ran).not.toContain('switch-revert');
});

test('the Problem of a rollback has what was done, and the command that goes on', async () => {
  const subject = new Subject();
  subject.results = [{ ok: false, title: 'broken' }];
  const { problem: found, done } = await subject.change();
  expect(done).toContain('restart istio.service');
  expect(found?.hint).toContain('meshx up vm1');
  expect(found?.issues).toContain('done: restart istio.service');
});

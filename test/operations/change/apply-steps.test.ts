import { Problem } from '../../../src/problems.ts';
import type { Plan, PlannedStep } from '../../../src/reconcile/plan.ts';
import { Subject } from './subject.ts';

const script = (name: string, ...args: readonly string[]) => ({ script: { name, text: ':', args }, timeoutMs: 1000 });

function step(id: string, ...names: readonly string[]): PlannedStep {
  const changes = names.map((name) => ({ summary: `make ${name}`, scripts: [script(name)] }));
  return { id, title: `Step ${id}`, changes, touches: {} };
}
const sidecar = (id: string, ...names: readonly string[]): PlannedStep => ({
  ...step(id, ...names),
  touches: { units: [id === 'capture' ? 'meshx-capture.service' : 'istio.service'] },
});
/** Without anything else that a change has. */
const ALONE = { cluster: undefined, drain: undefined, steps: undefined, verify: undefined, guard: undefined } as const;
const planned = (...steps: readonly PlannedStep[]): Plan => ({ steps });

test('the output of each script is reported, errors first, without blank lines around it', async () => {
  const subject = new Subject();
  subject.vm.prints.set('a', { stdout: ' out \n', stderr: '\nerr\n' });
  subject.vm.prints.set('b', { stdout: 'only out\n' });
  await subject.change({ ...ALONE, plan: planned(step('s', 'a', 'b', 'c')) });
  expect(subject.events.filter(({ kind }) => kind === 'heard')).toEqual([
    { kind: 'heard', name: 'a', text: 'err\nout' },
    { kind: 'heard', name: 'b', text: 'only out' },
    { kind: 'heard', name: 'c', text: '' },
  ]);
});

test('the wait for a script that started early is reported', async () => {
  const subject = new Subject();
  const upload = { summary: 'upload', scripts: [{ ...script('upload'), early: true as const }] };
  await subject.change({ ...ALONE, plan: planned({ ...step('s'), changes: [upload] }) });
  expect(subject.events.filter(({ kind }) => kind === 'waited')).toEqual([
    { kind: 'waited', name: 'upload', ms: expect.any(Number) },
  ]);
});

test('the state before is saved, but not for an undo', async () => {
  const touched = { ...step('s', 'a'), touches: { paths: ['/etc/a'] } };
  const subject = new Subject();
  await subject.change({ ...ALONE, plan: planned(touched) });
  expect(subject.vm.ran).toEqual(['run-begin', 'journal', 'a', 'run-end']);
  const undo = new Subject();
  await undo.change({ ...ALONE, plan: planned(touched), journal: false });
  expect(undo.vm.ran).toEqual(['run-begin', 'a', 'run-end']);
});

test('a snapshot that fails stops the change before the first step', async () => {
  const subject = new Subject();
  const failure = new Problem('probe-failed', { message: 'm', hint: 'h' });
  const picture = Promise.reject(failure);
  picture.catch(() => undefined);
  const touched = { ...step('s', 'a'), touches: { paths: ['/etc/a'] } };
  const report = await subject.change({ ...ALONE, plan: planned(touched), picture });
  expect(report.problem).toBe(failure);
  expect(subject.vm.ran).toEqual(['run-begin', 'run-end']);
});

test('a secret is requested by its name; a change without sources that needs one is a bug', async () => {
  const secret = { summary: 'deliver', scripts: [{ ...script('token'), source: { secret: 't' } }] };
  const plan = planned({ ...step('s'), changes: [secret] });
  const asked: string[] = [];
  const sources = { secret: async (name: string) => (asked.push(name), 'x') };
  const report = await new Subject().change({ ...ALONE, plan, sources });
  expect([report.status, asked]).toEqual(['changed', ['t']]);
  await expect(new Subject().change({ ...ALONE, plan })).rejects.toThrow(
    new TypeError('this change delivers no secret, and t was asked for'),
  );
});

test('the switch is armed once, right before the first step that may start the sidecar', async () => {
  const subject = new Subject();
  const plan = planned(step('s', 'a'), sidecar('capture', 'b'), sidecar('sidecar', 'c'));
  const { guard } = subject.decision();
  await subject.change({ ...ALONE, plan, guard });
  expect(subject.vm.ran.filter((name) => !/^(run|journal|switch-read)/.test(name))).toEqual([
    ...['a', 'switch-arm', 'b', 'c', 'switch-confirm'],
  ]);
});

test('without a guard nothing is armed', async () => {
  const subject = new Subject();
  const { notes } = await subject.change({ ...ALONE, plan: planned(sidecar('sidecar', 'c')) });
  expect(subject.vm.ran).not.toContain('switch-arm');
  expect(notes).toEqual([]);
});

test('each step is reported with its lines: made, up to date, failed with those that were made, and skipped', async () => {
  const subject = new Subject();
  subject.vm.faults.set('bad', 'fails');
  const plan = planned(step('made', 'a'), step('none'), step('half', 'b', 'bad', 'c'), step('never', 'd'));
  const { phases, done, problem } = await subject.change({ ...ALONE, plan });
  expect(phases).toEqual([
    { ...phaseOf('made', 'make a'), status: 'changed', seen: [], ms: expect.any(Number) },
    { ...phaseOf('none'), status: 'unchanged', seen: [], ms: expect.any(Number) },
    { ...phaseOf('half', 'make b'), status: 'failed', seen: [], ms: expect.any(Number) },
    { ...phaseOf('never'), status: 'skipped', seen: [], ms: 0 },
  ]);
  expect(done).toEqual(['make a', 'make b']);
  expect(problem).toMatchObject({ id: 'change-failed', hint: expect.stringContaining('meshx up vm1') });
});

const phaseOf = (id: string, ...changes: readonly string[]) => ({ kind: 'step', id, title: `Step ${id}`, changes });

test('steps that wait for the checks run after the confirmation, and only those that it did not do', async () => {
  const boot = { ...step('boot', 'unit-enable'), when: 'after-checks' as const };
  const unguarded = new Subject();
  const plan = planned(step('s', 'a'), boot);
  const { phases } = await unguarded.change({ ...ALONE, plan });
  expect(unguarded.vm.ran).toEqual(['run-begin', 'a', 'unit-enable', 'run-end']);
  expect(phases.map(({ id, status }) => [id, status])).toEqual([
    ['s', 'changed'],
    ['boot', 'changed'],
  ]);
  const only = new Subject();
  await only.change({ ...ALONE, plan: planned(boot) });
  expect(only.vm.ran).toEqual(['run-begin', 'unit-enable', 'run-end']);
  const none = new Subject();
  await none.change({ ...ALONE, plan: planned(step('s', 'a')) });
  expect(none.vm.ran).toEqual(['run-begin', 'a', 'run-end']);
});

test('what the confirmation has left undone is found by a new inspection, and done', async () => {
  const subject = new Subject();
  subject.vm.confirmEnables = false;
  const { phases, status } = await subject.change();
  expect([status, subject.vm.enabled, subject.vm.probed]).toEqual(['changed', true, [1, 1]]);
  expect(subject.vm.ran.slice(-5)).toEqual(['switch-confirm', 'probes', 'journal', 'unit-enable', 'run-end']);
  expect(phases.at(-1)).toMatchObject({ id: 'boot', status: 'changed', changes: ['enable istio.service'] });
});

test('a failure after the confirmation is the Problem of the run, which rolls nothing back', async () => {
  const subject = new Subject();
  subject.vm.confirmEnables = false;
  subject.vm.faults.set('unit-enable', 'fails');
  const report = await subject.change();
  expect(report).toMatchObject({
    status: 'failed',
    confirmed: true,
    rolledBack: false,
    problem: { id: 'change-failed' },
  });
  expect([subject.vm.ended, subject.vm.capture]).toEqual(['confirmed', true]);
});

test('a step that the confirmation has done in part is reported whole', async () => {
  const subject = new Subject();
  subject.vm.unsettled = true;
  const wants = ['istio.service', 'guard.service'].map((name) => ({ kind: 'enabled', name, enabled: true }) as const);
  const boot = { ...step('boot', 'unit-enable', 'unit-enable'), when: 'after-checks' as const };
  const { phases, done } = await subject.change({
    plan: planned(sidecar('sidecar', 'unit-start'), boot),
    steps: [{ id: 'boot', title: 'Step boot', when: 'after-checks', wants }],
  });
  expect(subject.vm.ran.slice(-4)).toEqual(['probes', 'journal', 'unit-enable', 'run-end']);
  expect(phases.at(-1)).toMatchObject({ status: 'changed', changes: ['make unit-enable', 'make unit-enable'] });
  expect(done.slice(-2)).toEqual(['make unit-enable', 'make unit-enable']);
});

test('a step with the id of another phase has its own lines', async () => {
  const subject = new Subject();
  const { cluster } = subject.decision();
  const { phases } = await subject.change({ ...ALONE, cluster, plan: planned(step('registration', 'a')) });
  expect(phases.map(({ kind, changes }) => [kind, changes])).toEqual([
    ['cluster', ['create Service vm/web']],
    ['step', ['make a']],
  ]);
});

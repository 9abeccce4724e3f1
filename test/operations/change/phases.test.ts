import { EMPTY_PLAN, type ClusterPlan } from '../../../src/cluster/api/plan.ts';
import type { Decision } from '../../../src/operations/change/decision.ts';
import type { DrainPlan } from '../../../src/operations/change/drain.ts';
import { asPlanned } from '../../../src/operations/change/event.ts';
import { phasesOf, registrationPhase } from '../../../src/operations/change/phases.ts';
import type { PlannedStep } from '../../../src/reconcile/plan.ts';
import { FakeCluster } from './fake-cluster.ts';

const kube = new FakeCluster();
const login = () => Promise.reject(new Error('a plan needs no login'));
const guard = { within: 90, login };
const ARMED = { armed: { since: 'T1', until: 'T2', by: 'ann@desk' } };

function step(id: string, more: Partial<PlannedStep> = {}): PlannedStep {
  return { id, title: `Step ${id}`, changes: [{ summary: `change ${id}`, scripts: [] }], touches: {}, ...more };
}
const sidecar = step('sidecar', { touches: { units: ['istio.service'] } });

const ENTRY = { apiVersion: 'v1', kind: 'WorkloadEntry', name: 'e', namespace: 'vm' };
const relabelled = (word: string): ClusterPlan => ({
  ...EMPTY_PLAN,
  relabel: [
    {
      ref: ENTRY,
      labels: { 'service.meshx.dev/web': word },
      ...(word === 'draining' && { nudge: ['service.meshx.dev/web'] }),
    },
  ],
});
const DRAIN: DrainPlan = {
  before: { inward: 2, outward: 0, seen: [], updates: 1 },
  refused: false,
  kube,
  rotation: { plan: relabelled('draining'), services: ['web'], foreign: [] },
  leftOut: { plan: EMPTY_PLAN, services: [], foreign: [] },
};
const restart = { for: 'restart', allowed: true, returns: 'before-verify', addresses: [], limitMs: 30_000 } as const;
const leave = { for: 'leave', stops: true, addresses: [], limitMs: 30_000 } as const;
const verify: NonNullable<Decision['verify']> = {
  ...{ id: 'verify', title: 'Verify', before: () => Promise.reject(new Error('a plan makes no check')) },
  problem: () => {
    throw new Error('a plan has no failure');
  },
};

const ids = (...of: Parameters<typeof phasesOf>) => phasesOf(...of).map(({ id }) => id);
const EMPTY = { plan: { steps: [] } };

test('an empty decision has no phases', () => {
  expect(phasesOf(EMPTY, {})).toEqual([]);
});

test('a step is a phase with the lines of its changes, also without any', () => {
  const plan = { steps: [step('a'), step('b', { changes: [] })] };
  expect(phasesOf({ plan }, {})).toEqual([
    { kind: 'step', id: 'a', title: 'Step a', changes: ['change a'] },
    { kind: 'step', id: 'b', title: 'Step b', changes: [] },
  ]);
});

test('the switch is armed right before the first step that may start the sidecar', () => {
  const plan = { steps: [step('a'), sidecar, step('b')] };
  const limit = 'roll back after 90 s unless a new login confirms the change';
  expect(phasesOf({ plan, guard }, {}).slice(0, 2)).toEqual([
    { kind: 'step', id: 'a', title: 'Step a', changes: ['change a'] },
    { kind: 'arm', id: 'arm', title: 'Arm the dead-man switch', changes: [limit] },
  ]);
  expect(ids({ plan, guard }, {})).toEqual(['a', 'arm', 'sidecar', 'b', 'confirm']);
  expect(ids({ plan: { steps: [sidecar] }, guard }, {})).toEqual(['arm', 'sidecar', 'confirm']);
  expect(ids({ plan }, {})).toEqual(['a', 'sidecar', 'b']);
});

test('nothing is armed for steps that do not start the sidecar', () => {
  expect(ids({ plan: { steps: [step('a')] }, guard }, {})).toEqual(['a']);
  expect(ids({ plan: { steps: [{ ...sidecar, changes: [] }] }, guard }, {})).toEqual(['sidecar']);
});

test('a switch that is armed already is taken over first, and confirmed although nothing is started', () => {
  const phases = phasesOf({ plan: { steps: [step('a')] }, guard }, { found: ARMED });
  expect(phases.map(({ id }) => id)).toEqual(['take-over', 'a', 'confirm']);
  expect(phases[0]).toEqual({
    ...{ kind: 'take-over', id: 'take-over', title: 'Take over the armed dead-man switch' },
    changes: ['roll back after 90 s unless a new login confirms the change'],
  });
  expect(phases[2]).toEqual({
    ...{ kind: 'confirm', id: 'confirm', title: 'Confirm over a new login' },
    changes: ['disarm the dead-man switch'],
  });
  expect(ids({ plan: { steps: [step('a')] }, guard }, { found: {} })).toEqual(['a']);
  expect(ids({ plan: { steps: [step('a')] } }, { found: ARMED })).toEqual(['a']);
});

test('steps that wait for the checks are last, before the comparison', () => {
  const plan = { steps: [step('boot', { when: 'after-checks' }), step('a')] };
  const compare = { ...verify, id: 'compare', title: 'Compare' };
  const phases = phasesOf({ plan, verify, compare }, {});
  expect(phases.map(({ kind, id }) => [kind, id])).toEqual([
    ['step', 'a'],
    ['verify', 'verify'],
    ['step', 'boot'],
    ['compare', 'compare'],
  ]);
  expect(phases.filter(({ kind }) => kind === 'verify' || kind === 'compare')).toMatchObject([
    { title: 'Verify', changes: [] },
    { title: 'Compare', changes: [] },
  ]);
});

test('whether changes remain is checked only after a change of the VM or of the cluster', () => {
  const cluster = (plan: ClusterPlan) => ({ kube, plan });
  const settles = (decision: Decision) => ids({ ...decision, steps: [] }, {}).includes('settle');
  expect(settles(EMPTY)).toBe(false);
  expect(settles({ ...EMPTY, cluster: cluster(EMPTY_PLAN) })).toBe(false);
  expect(settles({ ...EMPTY, cluster: cluster({ ...EMPTY_PLAN, remove: [ENTRY] }) })).toBe(true);
  expect(settles({ plan: { steps: [step('a')] } })).toBe(true);
  expect(settles({ plan: { steps: [step('a')] }, cluster: cluster(EMPTY_PLAN) })).toBe(true);
  expect(phasesOf({ plan: { steps: [step('a')] }, steps: [] }, {})[1]).toEqual({
    ...{ kind: 'settle', id: 'settle', title: 'Check that no changes remain', changes: [] },
  });
  expect(ids({ plan: { steps: [step('a')] } }, {})).toEqual(['a']);
});

test('the registration is a phase, which names what is up to date if nothing is written', () => {
  const decision = (plan: ClusterPlan): Decision => ({ ...EMPTY, cluster: { kube, plan } });
  expect(phasesOf(decision({ ...EMPTY_PLAN, remove: [ENTRY], unchanged: [ENTRY] }), {})).toEqual([
    {
      ...{ kind: 'cluster', id: 'registration', title: 'Registration in the cluster' },
      changes: ['delete WorkloadEntry vm/e'],
    },
  ]);
  expect(phasesOf(decision({ ...EMPTY_PLAN, unchanged: [ENTRY, { ...ENTRY, name: 'f' }] }), {})).toMatchObject([
    { title: 'Registration in the cluster: WorkloadEntry vm/e, WorkloadEntry vm/f', changes: [] },
  ]);
  expect(registrationPhase(EMPTY_PLAN, []).title).toBe('Registration in the cluster');
  expect(phasesOf(decision(relabelled('draining')), {})[0]?.changes).toContainEqual(
    expect.stringContaining('so that istiod drops the endpoint'),
  );
});

test('a drain shows what leaves rotation, the limit, and afterwards what returns', () => {
  const phases = phasesOf({ ...EMPTY, drain: restart }, { drain: DRAIN });
  expect(phases).toEqual([
    {
      ...{ kind: 'drain', id: 'drain', title: 'Drain connections' },
      changes: [
        'take web out of rotation (WorkloadEntry vm/e)',
        expect.stringContaining('so that istiod drops the endpoint'),
        'wait up to 30 s for open connections to end',
      ],
    },
    {
      ...{ kind: 'return', id: 'return', title: 'Return to rotation' },
      changes: ['take web back into rotation (WorkloadEntry vm/e)'],
    },
  ]);
});

test('without a cluster a drain only waits, and nothing returns', () => {
  const { before, refused } = DRAIN;
  const phases = phasesOf({ ...EMPTY, drain: restart }, { drain: { before, refused } });
  expect(phases.map(({ id, changes }) => [id, changes])).toEqual([
    ['drain', ['wait up to 30 s for open connections to end']],
  ]);
});

test('services that an earlier run left out return too, each named once', () => {
  const leftOut = {
    plan: {
      ...relabelled('ready'),
      change: [{ object: { ...ENTRY, metadata: { name: 'g', namespace: 'vm' } }, fields: [] }],
    },
    ...{ services: ['old', 'web'], foreign: [] },
  };
  const phases = phasesOf({ ...EMPTY, drain: restart }, { drain: { ...DRAIN, leftOut } });
  expect(phases[1]?.changes).toEqual(['take web, old back into rotation (WorkloadEntry vm/e, WorkloadEntry vm/g)']);
});

test('a VM that leaves stops its sidecar after the drain, and does not return', () => {
  const decision = { plan: { steps: [step('a')] }, drain: leave };
  expect(ids(decision, { drain: DRAIN })).toEqual(['drain', 'stop', 'a']);
  expect(phasesOf(decision, { drain: DRAIN })[1]).toEqual({
    ...{ kind: 'stop', id: 'stop', title: 'Stop the sidecar' },
    changes: ['stop meshx-capture.service and istio.service as soon as no connections remain'],
  });
  expect(ids({ ...decision, drain: { ...leave, stops: false } }, { drain: DRAIN })).toEqual(['drain', 'a']);
  expect(ids(decision, {})).toEqual(['a']);
  expect(ids({ plan: decision.plan, drain: restart }, {})).toEqual(['a']);
  expect(ids({ plan: decision.plan }, { drain: DRAIN })).toEqual(['a']);
});

test('a VM returns before the checks that need it in rotation, and otherwise after the confirmation', () => {
  const decision = { plan: { steps: [sidecar] }, guard, verify, drain: restart };
  expect(ids(decision, { drain: DRAIN })).toEqual(['drain', 'arm', 'sidecar', 'return', 'verify', 'confirm']);
  const late = { ...decision, drain: { ...restart, returns: 'after-confirm' as const } };
  expect(ids(late, { drain: DRAIN })).toEqual(['drain', 'arm', 'sidecar', 'verify', 'confirm', 'return']);
});

test('a dry run shows a step or a registration without changes as unchanged, and every other phase as planned', () => {
  const statusOf = (kind: 'step' | 'cluster' | 'verify', changes: readonly string[]) =>
    asPlanned([{ kind, id: 'x', title: 'X', changes }]);
  expect(statusOf('step', [])).toEqual([
    { kind: 'step', id: 'x', title: 'X', changes: [], status: 'unchanged', seen: [], ms: 0 },
  ]);
  expect(statusOf('step', ['a'])[0]?.status).toBe('planned');
  expect(statusOf('cluster', [])[0]?.status).toBe('unchanged');
  expect(statusOf('cluster', ['a'])[0]?.status).toBe('planned');
  expect(statusOf('verify', [])[0]?.status).toBe('planned');
});

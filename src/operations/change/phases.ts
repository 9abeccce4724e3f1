import { type ClusterPlan, clusterPlanLines, isEmptyClusterPlan, nudgeLines } from '../../cluster/api/plan.ts';
import type { Rotation } from '../../cluster/registration/registered-vm.ts';
import { refOf, showRef } from '../../mesh/kube-object.ts';
import { isEmpty, type PlannedStep } from '../../reconcile/plan.ts';
import { startsSidecar, type SwitchState } from '../../vm/dead-man.ts';
import type { ClusterWrites, Decision, Verified } from './decision.ts';
import type { DrainPlan } from './drain.ts';

export type PhaseKind =
  'take-over' | 'drain' | 'cluster' | 'stop' | 'step' | 'arm' | 'return' | 'settle' | 'verify' | 'confirm' | 'compare';

/** One phase of a change. A dry run shows the lines that a run carries out and reports. */
export interface Phase {
  readonly kind: PhaseKind;
  /** Stable; for a step, the step's id. */
  readonly id: string;
  readonly title: string;
  /** Changes, in the imperative. Empty for a check and for a step that is up to date. */
  readonly changes: readonly string[];
}

/** Further facts of the VM. */
export interface Inspected {
  /** Absent when nothing is drained. */
  readonly drain?: DrainPlan | undefined;
  /** Absent without a switch. */
  readonly found?: SwitchState | undefined;
}

/** All phases of a change, in order. Pure. */
export function phasesOf<Result extends Verified>(decision: Decision<Result>, inspected: Inspected): readonly Phase[] {
  const { plan, cluster, drain, guard, steps, verify, compare } = decision;
  const armed = guard && inspected.found?.armed !== undefined;
  const starts = guard && plan.steps.some(startsSidecar);
  const first = plan.steps.filter(({ when }) => when === undefined);
  const last = plan.steps.filter(({ when }) => when === 'after-checks');
  const returns = drain?.for === 'restart' && inspected.drain ? returnPhases(inspected.drain) : [];
  const early = drain?.for === 'restart' && drain.returns === 'before-verify';
  const changed = !isEmpty(plan) || (cluster !== undefined && !isEmptyClusterPlan(cluster.plan));
  return [
    ...(armed ? [takeOver(guard.within)] : []),
    ...drainPhases(decision, inspected),
    ...(cluster ? [clusterPhase(cluster)] : []),
    ...(drain?.for === 'leave' && drain.stops && inspected.drain ? [STOP] : []),
    ...withArm(first, starts ? guard.within : undefined),
    ...(early ? returns : []),
    ...(steps && changed ? [SETTLE] : []),
    ...(verify ? [{ kind: 'verify' as const, id: verify.id, title: verify.title, changes: [] }] : []),
    ...(armed || starts ? [CONFIRM] : []),
    ...(early ? [] : returns),
    ...last.map(stepPhase),
    ...(compare ? [{ kind: 'compare' as const, id: compare.id, title: compare.title, changes: [] }] : []),
  ];
}

const STOP: Phase = {
  kind: 'stop',
  id: 'stop',
  title: 'Stop the sidecar',
  changes: ['stop meshx-capture.service and istio.service as soon as no connections remain'],
};

const SETTLE: Phase = { kind: 'settle', id: 'settle', title: 'Check that no changes remain', changes: [] };

const CONFIRM: Phase = {
  kind: 'confirm',
  id: 'confirm',
  title: 'Confirm over a new login',
  changes: ['disarm the dead-man switch'],
};

const limit = (within: number): string => `roll back after ${within} s unless a new login confirms the change`;

function takeOver(within: number): Phase {
  const changes = [limit(within)];
  return { kind: 'take-over', id: 'take-over', title: 'Take over the armed dead-man switch', changes };
}

/** Armed before the first step that may lock the operator out. */
function withArm(steps: readonly PlannedStep[], within: number | undefined): readonly Phase[] {
  const at = steps.findIndex(startsSidecar);
  if (within === undefined || at < 0) return steps.map(stepPhase);
  const arm: Phase = { kind: 'arm', id: 'arm', title: 'Arm the dead-man switch', changes: [limit(within)] };
  return [...steps.slice(0, at).map(stepPhase), arm, ...steps.slice(at).map(stepPhase)];
}

function stepPhase({ id, title, changes }: PlannedStep): Phase {
  return { kind: 'step', id, title, changes: changes.map(({ summary }) => summary) };
}

function clusterPhase({ plan }: ClusterWrites): Phase {
  return registrationPhase(plan, clusterPlanLines(plan));
}

/** The writes to the cluster. Without any, the title names what is up to date. Pure. */
export function registrationPhase({ unchanged }: ClusterPlan, changes: readonly string[]): Phase {
  const suffix = changes.length === 0 && unchanged.length > 0 ? `: ${unchanged.map(showRef).join(', ')}` : '';
  return { kind: 'cluster', id: 'registration', title: `Registration in the cluster${suffix}`, changes };
}

function drainPhases({ drain }: Pick<Decision, 'drain'>, { drain: found }: Inspected): readonly Phase[] {
  if (!drain || !found) return [];
  const { kube, rotation } = found;
  const out = kube && rotation ? [...rotationLines([rotation], 'out of'), ...nudgeLines(rotation.plan)] : [];
  const waits = `wait up to ${drain.limitMs / 1000} s for open connections to end`;
  return [{ kind: 'drain', id: 'drain', title: 'Drain connections', changes: [...out, waits] }];
}

function returnPhases({ rotation, leftOut }: DrainPlan): readonly Phase[] {
  const changes = rotationLines(
    [rotation, leftOut].flatMap((each) => each ?? []),
    'back into',
  );
  return changes.length > 0 ? [{ kind: 'return', id: 'return', title: 'Return to rotation', changes }] : [];
}

function rotationLines(rotations: readonly Rotation[], to: 'out of' | 'back into'): readonly string[] {
  const services = new Set(rotations.flatMap((each) => each.services));
  const refs = rotations.flatMap(({ plan }) => [
    ...plan.relabel.map(({ ref }) => showRef(ref)),
    ...plan.change.map(({ object }) => showRef(refOf(object))),
  ]);
  if (refs.length === 0) return [];
  return [`take ${[...services].join(', ')} ${to} rotation (${[...new Set(refs)].join(', ')})`];
}

import type { Say } from '../../world.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { type ClusterPlan, isEmptyClusterPlan } from '../../cluster/api/plan.ts';
import { applyRegistration } from '../../cluster/registration/register.ts';
import type { Host } from '../../host/run/host.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { change, plannedPhases } from '../../operations/change/change.ts';
import type { Decision } from '../../operations/change/decision.ts';
import { asPlanned, type PhaseReport } from '../../operations/change/event.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { summaries } from '../../reconcile/plan.ts';
import type { Membership } from '../../vm/membership.ts';
import type { Result } from '../../checks/check.ts';
import { authorOf } from '../../who.ts';
import { formatPhase, tellChange } from '../change-text.ts';
import { clusterReport, type ReportBuilder, reported, type VmReport } from '../../operations/change/vm-report.ts';
import type { Confirm } from './confirm.ts';
import { type DownContext, VM_ALONE } from './context.ts';
import { isNothing, type Leave, look } from './look.ts';
import { comparison } from './verify.ts';

/** One VM that is to leave. */
export interface DownRun {
  readonly context: DownContext;
  readonly vm: string;
  readonly say: Say;
  /** The command that goes on after a failure. */
  readonly again: string;
  /** What lock and audit on the VM call this run. */
  readonly command: string;
  readonly confirm: Confirm;
}

/** A VM after its turn. */
export interface Left {
  readonly run: DownRun;
  readonly report: VmReport;
  /** Absent when it has not left; a difference that is found afterwards does not change that. */
  readonly leave?: Leave;
}

/**
 * Removes one VM from the mesh: inspect, ask, drain, deregister, undo, compare. Never throws for a failure of this VM: the
 * report has the Problem.
 */
export async function leaveMesh(run: DownRun): Promise<Left> {
  const { vm } = run;
  const { signal } = run.context.world;
  let left: Leave | undefined;
  const report = await reported(vm, signal, async (draft) => {
    await using host = await machine(run);
    const inspectedAt = performance.now();
    const leave = await lookOrSay(run, host);
    tellPlace(leave, draft);
    const leaving = { run, host, leave, inspectedAt };
    await (run.context.words.dryRun ? showPlan(leaving, draft) : carryOut(leaving, draft, () => (left = leave)));
    left = leave;
  });
  return { run, report, ...(left && { leave: left }) };
}

interface Leaving {
  readonly run: DownRun;
  /** Absent with --cluster-only. */
  readonly host: Host | undefined;
  readonly leave: Leave;
  readonly inspectedAt: number;
}

async function machine({ context: { world, words }, vm, say }: DownRun): Promise<Host | undefined> {
  if (words.only === 'cluster') return undefined;
  try {
    return await openMachine(world, words.machine, vm);
  } catch (error) {
    if (error instanceof Problem && words.only === undefined)
      say(`note: when ${vm} is gone for good, its cluster is cleaned with: meshx down ${vm} --cluster-only`);
    throw error;
  }
}

async function lookOrSay({ context, vm, say }: DownRun, host: Host | undefined): Promise<Leave> {
  try {
    return await look(context, vm, host, context.world.signal);
  } catch (error) {
    if (error instanceof Problem && /^cluster-|^istio-not/.test(error.id) && context.words.only === undefined)
      say(VM_ALONE);
    throw error;
  }
}

function tellPlace({ registry, membership, notes }: Leave, draft: ReportBuilder): void {
  const { namespace, group, generation } = registry?.vm ?? membership ?? {};
  draft.place = {
    ...(namespace !== undefined && { namespace }),
    ...(group !== undefined && generation === 'current' && { group }),
  };
  draft.notes = notes;
}

/** Clients first, then the cluster, then the machine: what dies in between is found by the same command. */
function decided({ context: { words }, vm, say }: DownRun, host: Host, leave: Leave): Decision<Result> {
  const { registry, membership, departure, plan } = leave;
  const compare = words.verify ? comparison({ vm, host, written: leave.written, say }) : undefined;
  if (isNothing(leave)) return { plan, ...present({ compare }) };
  const drain = membership?.running && {
    ...{ for: 'leave' as const, stops: membership.generation === 'current' },
    ...{ addresses: membership.addresses, registry, limitMs: words.drainTimeoutMs },
  };
  const cluster = registry && { kube: registry.kube, plan: departure };
  return { plan, journal: false, ...present({ compare, cluster, drain: drain || undefined }) };
}

/** Without its machine a VM has only its registration. */
async function phasesOf({ run, host, leave }: Leaving): Promise<readonly PhaseReport[]> {
  const { signal } = run.context.world;
  if (!host) return [clusterReport(leave.departure, 'planned')];
  return asPlanned(await plannedPhases({ host, decision: decided(run, host, leave), signal }));
}

async function showPlan(leaving: Leaving, draft: ReportBuilder): Promise<void> {
  draft.cluster = leaving.leave.also;
  draft.steps = await phasesOf(leaving);
  draft.status = 'planned';
  for (const step of draft.steps) leaving.run.say(formatPhase(step));
}

async function carryOut(leaving: Leaving, draft: ReportBuilder, hasLeft: () => void): Promise<void> {
  const { run, host, leave } = leaving;
  const { words, world } = run.context;
  draft.status = 'unchanged';
  if (!isNothing(leave)) await askFirst(leaving);
  draft.again = run.again;
  if (host) {
    const report = await changed({ ...leaving, host });
    // A difference that is found afterwards does not change that it has left.
    const differs = report.problem?.id === leavingProblems.differenceLeft.id;
    if (differs) hasLeft();
    // A report that ends in a Problem has no notes of its own, and here they say why.
    if (differs) for (const note of draft.notes) run.say(`note: ${note}`);
    draft.take(report);
  } else if (leave.registry && !isNothing(leave)) {
    await writeDeparture(leave.registry.kube, leave.departure, { draft, say: run.say, signal: world.signal });
    draft.status = 'changed';
  }
  if (draft.status === 'changed') draft.notes = [...draft.notes, ...otherSide(leave, words.only)];
}

async function changed({ run, host, leave, inspectedAt }: Leaving & { readonly host: Host }) {
  const { context, vm, say, again, command } = run;
  const { signal, now } = context.world;
  return await change({
    ...{ vm, host, command, again, ...authorOf(context.world), signal, now, inspectedAt },
    decision: decided(run, host, leave),
    inspect: async (held) => decided(run, host, await look(context, vm, host, held)),
    observe: tellChange({ vm, say, again }),
  });
}

/** The plan is shown before the question, and not where no one is asked: it is told as it is carried out. */
async function askFirst(leaving: Leaving): Promise<void> {
  const { run, leave } = leaving;
  const { context, vm, say, confirm } = run;
  const { plan, also, notes } = leave;
  if (!context.words.yes) {
    for (const step of await phasesOf(leaving)) say(formatPhase(step));
    for (const line of notes) say(`note: ${line}`);
    if (plan.steps.some(({ id }) => id === 'journal'))
      say(`note: the audit of ${vm} goes too; it is kept by: meshx audit ${vm} --export`);
  }
  await confirm(vm, { cluster: also, onVm: summaries(plan).length });
}

/** Carries out the cluster's side and reports each write as it is done. */
export async function writeDeparture(
  kube: Kubernetes,
  plan: ClusterPlan,
  { draft, say, signal }: { readonly draft: ReportBuilder; readonly say: DownRun['say']; readonly signal: AbortSignal },
): Promise<void> {
  for await (const { verb, ref } of applyRegistration(kube, plan, signal))
    draft.cluster = [...draft.cluster, `${verb} ${showRef(ref)}`];
  const done = clusterReport(plan, 'changed');
  draft.steps = [...draft.steps, done];
  say(formatPhase(done));
}

/** What is not done yet, and the command that does it. */
function otherSide({ vm, membership, departure }: Leave, only: 'vm' | 'cluster' | undefined): readonly string[] {
  if (only === 'vm') {
    return [`Its cluster still has what was made for it: meshx down ${vm} --cluster-only${place(membership)}`];
  }
  const left = only === 'cluster' && !isEmptyClusterPlan(departure);
  return left ? [`The machine, should it come back, is undone with: meshx down ${vm} --vm-only`] : [];
}

/** In options, what nobody can ask the machine for any more. */
function place(membership: Membership | undefined): string {
  const { namespace, group, addresses = [] } = membership ?? {};
  const options = [
    ...(namespace === undefined ? [] : [`-n ${namespace}`]),
    ...(group === undefined ? [] : [`--workload-group ${group}`]),
    ...(addresses.length === 1 ? [`--vm-address ${addresses.join()}`] : []),
  ];
  return options.map((option) => ` ${option}`).join('');
}

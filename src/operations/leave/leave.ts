import { clusterPlanLines } from '../../cluster/api/plan.ts';
import { applyRegistration } from '../../cluster/registration/register.ts';
import type { Host } from '../../host/run/host.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { summaries } from '../../reconcile/plan.ts';
import type { Membership } from '../../vm/membership.ts';
import { vmGeneration } from '../../vm/generation.ts';
import type { Result } from '../../checks/check.ts';
import { authorOf } from '../../who.ts';
import { change, plannedPhases } from '../change/change.ts';
import type { ClusterWrites, Decision } from '../change/decision.ts';
import { asPlanned, type PhaseReport } from '../change/event.ts';
import { registrationPhase } from '../change/phases.ts';
import type { Place } from '../membership/member.ts';
import { type Parts, reportOf } from '../vm-report.ts';
import { comparison } from './compare.ts';
import type { LeaveContext, LeaveOptions } from './context.ts';
import { inspect, type Inspected, isNothing } from './inspect.ts';
import { type LeaveNote, type LeaveReport, type LeavingVm, remark } from './report.ts';

/** Removes one VM from the mesh: inspect, ask, drain, deregister, undo, compare. Never throws for a failure of this VM. */
export function leave(context: LeaveContext, leaving: LeavingVm): Promise<LeaveReport> {
  return reportOf(leaving.vm, context.world.signal, parts(context, leaving));
}

interface Departure {
  readonly context: LeaveContext;
  readonly leaving: LeavingVm;
  /** Absent when the machine is gone. */
  readonly host: Host | undefined;
  readonly inspectedAt: number;
  readonly found: Inspected;
}

async function* parts(context: LeaveContext, leaving: LeavingVm): Parts<LeaveNote> {
  await using host = await opened(context, leaving);
  const inspectedAt = performance.now();
  const found = await inspected(context, leaving, host);
  const departure: Departure = { context, leaving, host, inspectedAt, found };
  yield { ...placeOf(found), notes: found.notes };
  if (context.options.dryRun) return yield { status: 'planned', cluster: found.also, phases: await planned(departure) };
  if (!isNothing(found)) await askFirst(departure);
  yield* host ? changed(departure, host) : clusterAlone(departure);
}

async function opened({ options }: LeaveContext, { login, observe }: LeavingVm): Promise<Host | undefined> {
  if (options.only === 'cluster') return undefined;
  try {
    return await login();
  } catch (error) {
    if (error instanceof Problem && !options.only) observe({ kind: 'unreachable', side: 'machine' });
    throw error;
  }
}

async function inspected(context: LeaveContext, { vm, observe }: LeavingVm, host: Host | undefined) {
  try {
    return await inspect(context, vm, host, context.world.signal);
  } catch (error) {
    if (error instanceof Problem && /^cluster-|^istio-not/.test(error.id) && !context.options.only)
      observe({ kind: 'unreachable', side: 'cluster' });
    throw error;
  }
}

function placeOf({ registry, membership }: Inspected): Place {
  const { namespace, group, generation } = registry?.vm ?? membership ?? {};
  return present({ namespace, group: generation && meshGeneration(generation).hasGroups ? group : undefined });
}

/** Clients first, then the cluster, then the machine, so that the same command finishes a run that died in between. */
function decided(
  options: LeaveOptions,
  { vm, observe }: LeavingVm,
  { host, found }: { readonly host: Host; readonly found: Inspected },
): Decision<Result> {
  const { registry, membership, departure, plan, written } = found;
  const compare = options.verify ? comparison({ vm, host, written, observe }) : undefined;
  if (isNothing(found)) return { plan, ...present({ compare }) };
  const drain = membership?.running
    ? {
        ...{ for: 'leave' as const, stops: stopsAtOnce(membership) },
        ...{ addresses: membership.addresses, registry, limitMs: options.drainTimeoutMs },
      }
    : undefined;
  const cluster = registry && { kube: registry.kube, plan: departure };
  return { plan, journal: false, ...present({ compare, cluster, drain }) };
}

function stopsAtOnce({ generation }: Membership): boolean {
  return generation !== undefined && vmGeneration(generation).stopsWhenDrained;
}

/** The phases that the change would have now. A lost machine has only its registration. */
async function planned({ context, leaving, host, found }: Departure): Promise<readonly PhaseReport[]> {
  const { signal } = context.world;
  const decision = host && decided(context.options, leaving, { host, found });
  const phases = asPlanned(
    decision ? await plannedPhases({ host, decision, signal }) : [registrationPhase(found.departure, found.also)],
  );
  for (const phase of phases) leaving.observe({ kind: 'phase', phase });
  return phases;
}

/** The plan is shown before the question. Without a question each step is reported as it is carried out. */
async function askFirst(departure: Departure): Promise<void> {
  const { leaving, found } = departure;
  if (!leaving.confirm) return;
  await planned(departure);
  const auditGoes = found.plan.steps.some(({ id }) => id === 'journal');
  leaving.observe({ kind: 'notes', notes: [...found.notes, ...(auditGoes ? [{ kind: 'audit-goes' as const }] : [])] });
  await leaving.confirm({ cluster: found.also, onVm: summaries(found.plan).length });
}

/** Changes the machine, and its cluster if known. */
async function* changed({ context, leaving, inspectedAt, found }: Departure, host: Host): Parts<LeaveNote> {
  const { world, options } = context;
  const { signal, now } = world;
  const decision = (known: Inspected) => decided(options, leaving, { host, found: known });
  const report = await change({
    ...{ ...leaving, host, ...authorOf(world), signal, now, inspectedAt },
    decision: decision(found),
    inspect: async (held) => decision(await inspect(context, leaving.vm, host, held)),
  });
  // A report with a Problem has no notes, and here they explain it.
  if (report.problem?.id === leavingProblems.differenceLeft.id) leaving.observe({ kind: 'notes', notes: found.notes });
  const left = report.status === 'changed' && options.only === 'vm' ? [clusterLeft(found)] : [];
  yield { ...report, notes: [...found.notes, ...report.notes.map(remark), ...left] };
}

/** The place, which the machine can no longer give. */
function clusterLeft({ membership }: Inspected): LeaveNote {
  const { namespace, group, addresses = [] } = membership ?? {};
  const address = addresses.length === 1 ? addresses[0] : undefined;
  return { kind: 'cluster-left', place: present({ namespace, group, address }) };
}

async function* clusterAlone({ context, leaving, found }: Departure): Parts<LeaveNote> {
  const { registry, departure: plan } = found;
  if (!registry || isNothing(found)) return yield { status: 'unchanged' };
  yield* written({ kube: registry.kube, plan }, leaving, context.world.signal);
  yield { notes: [...found.notes, { kind: 'machine-left' }] };
}

/** Writes to the cluster without a machine. */
export async function* written(
  { kube, plan }: ClusterWrites,
  { observe }: Pick<LeavingVm, 'observe'>,
  signal: AbortSignal,
): Parts<LeaveNote> {
  const started = performance.now();
  let cluster: readonly string[] = [];
  for await (const { verb, ref } of applyRegistration(kube, plan, signal)) {
    cluster = [...cluster, `${verb} ${showRef(ref)}`];
    yield { cluster, done: cluster };
  }
  const ms = Math.round(performance.now() - started);
  const phase = { ...registrationPhase(plan, clusterPlanLines(plan)), status: 'changed' as const, seen: [], ms };
  observe({ kind: 'phase', phase });
  yield { status: 'changed', phases: [phase] };
}

import { clusterPlanLines } from '../../cluster/api/plan.ts';
import { applyRegistration } from '../../cluster/registration/register.ts';
import type { Host } from '../../host/run/host.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { summaries } from '../../reconcile/plan.ts';
import { vmGeneration } from '../../vm/generation.ts';
import type { Result } from '../../checks/check.ts';
import type { ClusterWrites, Decision } from '../change/decision.ts';
import type { PhaseReport } from '../change/event.ts';
import { registrationPhase } from '../change/phases.ts';
import { planOrChange, tellPlanned } from '../change/plan-or-change.ts';
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
  const { options, world } = context;
  const about = { options, observe: leaving.observe };
  if (options.only !== 'cluster') leaving.observe({ kind: 'doing', what: 'connect' });
  await using host = options.only === 'cluster' ? undefined : await orUnreachable('machine', about, leaving.login);
  leaving.observe({ kind: 'doing', what: 'inspect' });
  const inspectedAt = performance.now();
  const inspected = () => inspect(context, leaving.vm, host, world.signal);
  const found = await orUnreachable('cluster', about, inspected);
  const departure: Departure = { context, leaving, host, inspectedAt, found };
  yield { ...placeOf(found), notes: found.notes };
  if (!options.dryRun && !isNothing(found)) await askFirst(departure);
  yield* host ? machineSide(departure, host) : clusterSide(departure);
}

/** Reports an unreachable side when the other side can be undone alone. */
async function orUnreachable<Read>(
  side: 'machine' | 'cluster',
  { options: { only }, observe }: { readonly options: LeaveOptions } & Pick<LeavingVm, 'observe'>,
  read: () => Promise<Read>,
): Promise<Read> {
  try {
    return await read();
  } catch (error) {
    const isSide = error instanceof Problem && (side === 'machine' || /^cluster-|^istio-not/.test(error.id));
    if (isSide && !only) observe({ kind: 'unreachable', side });
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
  const { registry, membership, departure, plan, written, leavesSnapshot } = found;
  const comparing = { vm, host, written, leavesSnapshot, observe };
  const compare = options.verify ? comparison(comparing) : undefined;
  if (isNothing(found)) return { plan, ...present({ compare }) };
  const { running, generation, addresses = [] } = membership ?? {};
  const stops = generation !== undefined && vmGeneration(generation).stopsWhenDrained;
  const drain = { for: 'leave' as const, stops, addresses, registry, limitMs: options.drainTimeoutMs };
  const cluster = registry && { kube: registry.kube, plan: departure };
  return { plan, journal: false, ...present({ compare, cluster, drain: running ? drain : undefined }) };
}

/** The plan is shown before the question. Without a question each step is reported as it is carried out. */
async function askFirst(departure: Departure): Promise<void> {
  const { leaving, host, found } = departure;
  if (!leaving.confirm) return;
  if (host) await planned(departure, host, true);
  else clusterPlanned(departure);
  const auditGoes = found.plan.steps.some(({ id }) => id === 'journal');
  leaving.observe({ kind: 'notes', notes: [...found.notes, ...(auditGoes ? [{ kind: 'audit-goes' as const }] : [])] });
  await leaving.confirm({ cluster: found.also, onVm: summaries(found.plan).length });
}

/** Changes the machine, and its cluster if known; a dry run only reports the phases. */
function planned({ context, leaving, inspectedAt, found }: Departure, host: Host, dryRun: boolean) {
  const { world, options } = context;
  const decision = (known: Inspected) => decided(options, leaving, { host, found: known });
  const inspectAnew = async (held: AbortSignal) => decision(await inspect(context, leaving.vm, host, held));
  const change = { host, inspectedAt, decision: decision(found), inspect: inspectAnew };
  return planOrChange(world, { ...leaving, dryRun }, change);
}

async function* machineSide(departure: Departure, host: Host): Parts<LeaveNote> {
  const { context, leaving, found } = departure;
  const { dryRun, only } = context.options;
  const report = await planned(departure, host, dryRun);
  // A report with a Problem has no notes, and here they explain it.
  if (report.problem?.id === leavingProblems.differenceLeft.id) leaving.observe({ kind: 'notes', notes: found.notes });
  const left = report.status === 'changed' && only === 'vm' ? [clusterLeft(found)] : [];
  yield { ...report, notes: [...found.notes, ...(report.notes ?? []).map(remark), ...left] };
}

/** The place, which the machine can no longer give. */
function clusterLeft({ membership }: Inspected): LeaveNote {
  const { namespace, group, addresses = [] } = membership ?? {};
  const address = addresses.length === 1 ? addresses[0] : undefined;
  return { kind: 'cluster-left', place: present({ namespace, group, address }) };
}

async function* clusterSide(departure: Departure): Parts<LeaveNote> {
  const { context, leaving, found } = departure;
  const { registry, departure: plan, also: cluster } = found;
  if (context.options.dryRun) return yield { status: 'planned', cluster, phases: clusterPlanned(departure) };
  if (!registry || isNothing(found)) return yield { status: 'unchanged' };
  yield* written({ kube: registry.kube, plan }, leaving, context.world.signal);
  yield { notes: [...found.notes, { kind: 'machine-left' }] };
}

/** The phases of a lost machine: it has only its registration. */
function clusterPlanned({ leaving, found }: Departure): readonly PhaseReport[] {
  return tellPlanned([registrationPhase(found.departure, found.also)], leaving.observe);
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

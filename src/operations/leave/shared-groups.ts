import { clusterPlanLines, isEmptyClusterPlan } from '../../cluster/api/plan.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Departure, RegisteredVm } from '../../cluster/registration/registered-vm.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { asPlanned } from '../change/event.ts';
import { registrationPhase } from '../change/phases.ts';
import { type Parts, reportOf } from '../vm-report.ts';
import type { LeaveContext } from './context.ts';
import { written } from './leave.ts';
import { type LeaveNote, type LeaveReport, type LeavingVm, remark } from './report.ts';

/** A VM that has left, and its result. */
export interface LeftVm {
  readonly leaving: LeavingVm;
  readonly report: LeaveReport;
}

/** One that left while others were in its group. */
interface Sharer extends LeftVm {
  readonly registered: RegisteredVm;
}

/**
 * VMs that leave in parallel see each other in a shared group, and each keeps it for the others. When all have left,
 * the departure of all of them together is planned again. The last report contains what it removes. Returns the reports
 * of all VMs.
 */
export async function leaveSharedGroups(
  context: LeaveContext,
  all: readonly LeftVm[],
): Promise<readonly LeaveReport[]> {
  const reports = new Map(all.map(({ report }) => [report.vm, report]));
  for (const sharers of groupsOf(all))
    for (const report of await leaveGroup(context, sharers)) reports.set(report.vm, report);
  return [...reports.values()];
}

/** Groups that more than one VM has left. */
function groupsOf(all: readonly LeftVm[]): readonly (readonly Sharer[])[] {
  const groups = new Map<string, readonly Sharer[]>();
  for (const left of all) {
    const note = left.report.notes.find((each) => each.kind === 'group-stays');
    if (!note || !hasLeft(left.report)) continue;
    const { registered } = note;
    const key = `${registered.namespace}/${registered.group}`;
    groups.set(key, [...(groups.get(key) ?? []), { ...left, registered }]);
  }
  return [...groups.values()].filter((sharers) => sharers.length > 1);
}

/** A VM with a difference afterwards has left too. */
function hasLeft({ status, problem }: LeaveReport): boolean {
  return status !== 'failed' || problem?.id === leavingProblems.differenceLeft.id;
}

async function leaveGroup(context: LeaveContext, sharers: readonly Sharer[]): Promise<readonly LeaveReport[]> {
  const reports = sharers.map(({ report }) => report);
  const last = sharers.at(-1);
  if (!last || !context.cluster) return reports;
  const addresses = sharers.flatMap(({ registered }) => registered.addresses);
  const whole = { ...last, registered: { ...last.registered, addresses } };
  const removal = removed(context, context.cluster.kube, whole);
  const group = await reportOf(last.leaving.vm, context.world.signal, removal);
  if (group.status === 'unchanged') return reports;
  const left = group.status === 'failed' ? reports : reports.map(withoutGroup);
  return left.map((report) => (report.vm === group.vm ? together(report, group) : report));
}

/** For all VMs that left together. The machines no longer know their group. */
async function* removed(context: LeaveContext, kube: Kubernetes, { registered, leaving }: Sharer): Parts<LeaveNote> {
  const { namespace, group } = registered;
  yield { notes: [{ kind: 'group-left', namespace, group }] };
  const departure = await departureOf(context, kube, registered);
  if (!departure) return yield { status: 'unchanged' };
  const { plan } = departure;
  const notes = departure.notes.map(remark);
  const cluster = clusterPlanLines(plan);
  const phases = asPlanned([registrationPhase(plan, cluster)]);
  const { dryRun } = context.options;
  if (dryRun || leaving.confirm) for (const phase of phases) leaving.observe({ kind: 'phase', phase });
  if (dryRun) return yield { status: 'planned', cluster, phases, notes };
  await leaving.confirm?.({ cluster, onVm: 0 });
  yield* written({ kube, plan }, leaving, context.world.signal);
  yield { notes };
}

/** Undefined when the group stays for others, or no longer exists. */
async function departureOf(
  { options, world }: LeaveContext,
  kube: Kubernetes,
  registered: RegisteredVm,
): Promise<Departure | undefined> {
  const leaving = { ...registered, gone: options.only === 'cluster', signal: world.signal };
  const departure = await clusterGeneration(registered.generation).planDeparture(kube, leaving);
  return departure.sharedNote !== undefined || isEmptyClusterPlan(departure.plan) ? undefined : departure;
}

function withoutGroup(report: LeaveReport): LeaveReport {
  return { ...report, notes: report.notes.filter(({ kind }) => kind !== 'group-stays') };
}

function together(report: LeaveReport, group: LeaveReport): LeaveReport {
  const problem = report.problem ?? group.problem;
  return {
    ...report,
    status: problem ? 'failed' : group.status,
    cluster: [...report.cluster, ...group.cluster],
    phases: [...report.phases, ...group.phases],
    notes: [...report.notes, ...group.notes],
    done: [...report.done, ...group.done],
    ...(problem && { problem }),
    ms: report.ms + group.ms,
  };
}

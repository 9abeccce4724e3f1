import { clusterPlanLines, isEmptyClusterPlan } from '../../cluster/api/plan.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { RegisteredVm } from '../../cluster/registration/registered-vm.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { registrationPhase } from '../change/phases.ts';
import { tellPlanned } from '../change/plan-or-change.ts';
import { type Parts, reportOf } from '../vm-report.ts';
import type { LeaveContext } from './context.ts';
import { written } from './leave.ts';
import { type LeaveNote, type LeaveReport, type LeavingVm, remark } from './report.ts';

/** A VM that has left, and its result. */
interface LeftVm {
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
  for (const sharers of groupsOf(all)) {
    const last = sharers.at(-1);
    if (!last || !context.cluster) continue;
    const addresses = sharers.flatMap(({ registered }) => registered.addresses);
    const removal = removed(context, context.cluster.kube, { ...last, registered: { ...last.registered, addresses } });
    const group = await reportOf(last.report.vm, context.world.signal, removal);
    if (group.status === 'unchanged') continue;
    for (const { report } of sharers) {
      const left = group.status === 'failed' ? report : withoutGroup(report);
      reports.set(report.vm, report === last.report ? together(left, group) : left);
    }
  }
  return [...reports.values()];
}

/** Groups that more than one VM has left. A VM with a difference afterwards has left too. */
function groupsOf(all: readonly LeftVm[]): readonly (readonly Sharer[])[] {
  const groups = new Map<string, readonly Sharer[]>();
  for (const left of all) {
    const { status, problem, notes } = left.report;
    const registered = notes.find((each) => each.kind === 'group-stays')?.registered;
    const hasLeft = status !== 'failed' || problem?.id === leavingProblems.differenceLeft.id;
    if (!registered || !hasLeft) continue;
    const key = `${registered.namespace}/${registered.group}`;
    groups.set(key, [...(groups.get(key) ?? []), { ...left, registered }]);
  }
  return [...groups.values()].filter((sharers) => sharers.length > 1);
}

/** For all VMs that left together. Unchanged when the group stays for others, or no longer exists. */
async function* removed(context: LeaveContext, kube: Kubernetes, { registered, leaving }: Sharer): Parts<LeaveNote> {
  const { options, world } = context;
  const { generation, namespace, group } = registered;
  // The machines no longer know their group.
  yield { notes: [{ kind: 'group-left', namespace, group }] };
  const vm = { ...registered, gone: options.only === 'cluster', signal: world.signal };
  const { plan, sharedNote, notes } = await clusterGeneration(generation).planDeparture(kube, vm);
  if (sharedNote !== undefined || isEmptyClusterPlan(plan)) return yield { status: 'unchanged' };
  const cluster = clusterPlanLines(plan);
  const isTold = options.dryRun || leaving.confirm !== undefined;
  const phases = isTold ? tellPlanned([registrationPhase(plan, cluster)], leaving.observe) : [];
  if (options.dryRun) return yield { status: 'planned', cluster, phases, notes: notes.map(remark) };
  await leaving.confirm?.({ cluster, onVm: 0 });
  yield* written({ kube, plan }, leaving, world.signal);
  yield { notes: notes.map(remark) };
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

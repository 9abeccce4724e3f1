import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { Departure } from '../../cluster/registration/registered-vm.ts';
import { isEmptyClusterPlan } from '../../cluster/api/plan.ts';
import type { Registry } from '../../cluster/registration/rotation-write.ts';
import { formatPhase } from '../change-text.ts';
import { clusterReport, type ReportBuilder, reported, type VmReport } from '../../operations/change/vm-report.ts';
import { type Left, writeDeparture } from './leave.ts';

/** A VM that left while others were in its group. */
interface Sharer extends Left {
  readonly registry: Registry;
  readonly sharedNote: string;
}

/**
 * VMs that leave side by side see each other in a group that they share, and each leaves it to the others. So when all
 * have left, the departure from such a group is planned once more, of all of them together. What it takes away is in the
 * report of the last one. Gives the reports of all VMs.
 */
export async function leaveSharedGroups(all: readonly Left[]): Promise<readonly VmReport[]> {
  const reports = new Map(all.map(({ run, report }) => [run.vm, report]));
  for (const sharers of groupsOf(all)) for (const report of await leaveGroup(sharers)) reports.set(report.vm, report);
  return [...reports.values()];
}

/** Of each group that more than one VM has left. */
function groupsOf(all: readonly Left[]): readonly (readonly Sharer[])[] {
  const groups = new Map<string, readonly Sharer[]>();
  for (const left of all) {
    const { registry, sharedNote } = left.leave ?? {};
    if (!registry || sharedNote === undefined) continue;
    const key = `${registry.vm.namespace}/${registry.vm.group}`;
    groups.set(key, [...(groups.get(key) ?? []), { ...left, registry, sharedNote }]);
  }
  return [...groups.values()].filter((sharers) => sharers.length > 1);
}

async function leaveGroup(sharers: readonly Sharer[]): Promise<readonly VmReport[]> {
  const last = sharers.at(-1);
  const reports = sharers.map(({ report }) => report);
  if (!last) return reports;
  const { run } = last;
  const group = await reported(run.vm, run.context.world.signal, async (draft) => {
    draft.notes = [wayToFinish(last)];
    const departure = await departureOf(last, sharers);
    draft.status = 'unchanged';
    if (departure) await takeOut(last, departure, draft);
  });
  if (group.status === 'unchanged') return reports;
  const told = group.status === 'failed' ? reports : sharers.map(withoutNote);
  return told.map((report) => (report.vm === run.vm ? together(report, group) : report));
}

/** Of all who left together; undefined where the group stays for others, or has gone. */
async function departureOf({ run, registry }: Sharer, sharers: readonly Sharer[]): Promise<Departure | undefined> {
  const { world, words } = run.context;
  const addresses = sharers.flatMap(({ registry: { vm } }) => vm.addresses);
  const gone = words.only === 'cluster';
  const leaving = { ...registry.vm, addresses, gone, signal: world.signal };
  const departure = await clusterGeneration(leaving.generation).planDeparture(registry.kube, leaving);
  return departure.sharedNote !== undefined || isEmptyClusterPlan(departure.plan) ? undefined : departure;
}

async function takeOut({ run, registry }: Sharer, { plan, notes }: Departure, draft: ReportBuilder): Promise<void> {
  const { context, vm, say, confirm } = run;
  const step = clusterReport(plan, 'planned');
  if (context.words.dryRun || !context.words.yes) say(formatPhase(step));
  if (context.words.dryRun) {
    draft.cluster = step.changes;
    draft.steps = [step];
    draft.status = 'planned';
  } else {
    await confirm(vm, { cluster: step.changes, onVm: 0 });
    await writeDeparture(registry.kube, plan, { draft, say, signal: context.world.signal });
    draft.status = 'changed';
  }
  draft.notes = notes;
}

/** The machines do not know any more which group it was. */
function wayToFinish({ run, registry: { vm } }: Sharer): string {
  return `What was made for WorkloadGroup ${vm.namespace}/${vm.group} goes with: meshx down ${run.vm} --cluster-only -n ${vm.namespace} --workload-group ${vm.group}`;
}

function withoutNote({ report, sharedNote }: Sharer): VmReport {
  return { ...report, notes: report.notes.filter((note) => note !== sharedNote) };
}

function together(report: VmReport, group: VmReport): VmReport {
  const problem = report.problem ?? group.problem;
  return {
    ...report,
    status: problem ? 'failed' : group.status,
    cluster: [...report.cluster, ...group.cluster],
    steps: [...report.steps, ...group.steps],
    notes: [...new Set([...report.notes, ...group.notes])],
    ...(problem && { problem }),
    ms: report.ms + group.ms,
  };
}

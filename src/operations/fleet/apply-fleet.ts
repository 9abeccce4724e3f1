import { mostFailures } from '../../fleet/batches.ts';
import { fleetPlanHash } from '../../fleet/approval.ts';
import { type FleetPlan, isEmptyFleetPlan } from '../../fleet/plan.ts';
import { type FleetRecord, renamedMembers, type RunRecord } from '../../fleet/record.ts';
import { present } from '../../present.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import { authorOf } from '../../who.ts';
import type { World } from '../../world.ts';
import { join } from '../join/join.ts';
import type { JoinPlan } from '../join/run.ts';
import type { VmReport } from '../vm-report.ts';
import { canaryOf } from './check-canary.ts';
import { Contexts, loginOf } from './contexts.ts';
import type { FleetReport, VmEnd } from './event.ts';
import { readFleet, readFreeFleet, takeFleet } from './lock.ts';
import { type FleetRun, placeOf } from './run.ts';
import { isRestOfRun, packApproval } from './kept-approval.ts';
import { type FleetOptions, targetOf } from './options.ts';
import { planFleet } from './plan-fleet.ts';
import { digestedChanges } from './plan-vm.ts';
import { refuseTooLarge } from './record-size.ts';
import { forgetNames, leaveMembers } from './leave-members.ts';
import { type BatchesEnd, runBatches } from './run-batches.ts';
import { RunBook } from './run-record.ts';

/** The joint plan of a fleet. Only reads. */
export async function showPlan(
  world: World,
  run: FleetRun,
): Promise<{ readonly plan: FleetPlan; readonly hash: string }> {
  const { record } = await readFleet(await placeOf(world, run), world.signal);
  const plan = await planFleet(world, { ...run, record, contexts: new Contexts(world) });
  return { plan, hash: fleetPlanHash(plan) };
}

/**
 * Plans a fleet, takes its lock, and joins its VMs batch by batch. Without a change it takes no lock and writes nothing. Throws
 * `fleet-locked`, `fleet-plan-outdated`, `fleet-record-full`, and Problems of the cluster and the package; failures of VMs are in the report.
 */
export async function applyFleet(world: World, run: FleetRun): Promise<FleetReport> {
  const { options, reviewed, confirm } = run;
  const place = await placeOf(world, run);
  const found = await readFreeFleet(world, place);
  const contexts = new Contexts(world);
  const plan = await planFleet(world, { ...run, record: found.record, contexts });
  const hash = fleetPlanHash(plan);
  if (isEmptyFleetPlan(plan)) return { fleet: plan.fleet, hash, ends: plan.vms.map(upToDate) };
  if (reviewed !== undefined && reviewed !== hash && !isRestOfRun(plan, found.record, reviewed))
    throw fleetProblems.planOutdated({ fleet: plan.fleet, wanted: reviewed, found: hash, review: run.review });
  const record = recordOf(world, run, { plan, hash, before: found.record });
  if (place.kube.live) refuseTooLarge(run, record);
  await confirm?.(plan);
  await using held = await takeFleet(world, place, found);
  const book = new RunBook(held, record);
  const joined = await runBatches({
    ...{ world, book, batches: plan.batches, forks: options.forks, observe: run.observe },
    most: mostFailures(options.fleet.rollout, plan.batches.flatMap(({ vms }) => vms).length),
    change: (vm) => joinOne(world, { run, contexts, plan, vm }),
    member: memberOf(options),
    canary: canaryOf(options, contexts),
  });
  const left = await pruned(world, { run, plan, book, isWhole: joined.stopped === undefined });
  const stopped = joined.stopped ?? left.stopped;
  await book.end(world.now(), stopped);
  const ended = [...joined.ends, ...left.ends];
  const others = plan.vms.filter(({ vm }) => !ended.some((end) => end.vm === vm)).map(upToDate);
  return {
    fleet: plan.fleet,
    hash,
    ends: [...others, ...ended],
    ...present({ stopped }),
  };
}

function upToDate({ vm }: { readonly vm: string }): VmEnd {
  return { vm, status: 'unchanged' };
}

interface Recording {
  readonly plan: FleetPlan;
  readonly hash: string;
  readonly before: FleetRecord;
}

/** The record of a run that begins. A run that continues keeps what was approved for the whole one. */
function recordOf(
  world: World,
  { command, reviewed }: FleetRun,
  { plan, hash, before }: Recording,
): FleetRecord & { readonly run: RunRecord } {
  const vms = plan.batches.flatMap((batch) => batch.vms).map((vm) => [vm, 'waiting' as const] as const);
  const { who } = authorOf(world);
  const began = world.now().toISOString();
  const run = { command, who, plan: reviewed ?? hash, began, vms: Object.fromEntries(vms) };
  const approval = reviewed === hash ? packApproval(plan) : before.approval;
  return { members: before.members, run, ...present({ approval: reviewed === undefined ? undefined : approval }) };
}

interface Joining {
  readonly run: FleetRun;
  readonly contexts: Contexts;
  readonly plan: FleetPlan;
  readonly vm: string;
}

async function joinOne(world: World, { run, contexts, plan, vm }: Joining): Promise<VmReport> {
  const target = targetOf(run.options, vm);
  const context = await contexts.of(target.options);
  const { command, again, review, reviewed } = run;
  const digests = plan.vms.find((each) => each.vm === vm)?.digests ?? [];
  const approve = (now: Pick<JoinPlan, 'decision'>): void => refuseOthers({ vm, review, digests }, now);
  return await join({
    ...{ context, vm, verb: 'up', command, again, repeats: true },
    observe: (event) => run.observe({ kind: 'vm-event', vm, event }),
    login: loginOf(world, target),
    ...(reviewed !== undefined && { approve }),
  });
}

interface Reviewed {
  readonly vm: string;
  readonly review: string;
  /** Of the changes of the VM in the plan. */
  readonly digests: readonly string[];
}

/** Objects that VMs share are written once, so a later VM has fewer changes than its plan, and never others. */
function refuseOthers({ vm, review, digests }: Reviewed, now: Pick<JoinPlan, 'decision'>): void {
  const others = digestedChanges(now).filter(({ digest }) => !digests.includes(digest));
  if (others.length === 0) return;
  const issues = others.flatMap(({ lines }) => lines).map((line) => `due now: ${line}`);
  throw fleetProblems.vmMoved({ vm, review, issues });
}

/** A VM is a member from its first attempt on. */
function memberOf(options: FleetOptions) {
  return (report: Pick<VmReport, 'namespace' | 'group' | 'address'> | undefined, vm: string) => {
    const { namespace, group, address: ip } = report ?? {};
    return present({ address: targetOf(options, vm).vm.address, namespace, group, ip });
  };
}

interface Pruning {
  readonly run: FleetRun;
  readonly plan: FleetPlan;
  readonly book: RunBook;
  readonly isWhole: boolean;
}

/** Members that the file no longer names leave last, and only after a run without a stop. One that has another name now is only forgotten. */
async function pruned(world: World, { run, plan, book, isWhole }: Pruning): Promise<BatchesEnd> {
  const { removed, prunes } = plan;
  if (!prunes || removed.length === 0) return { ends: [] };
  const reason = 'the run stopped before';
  if (!isWhole) return { ends: removed.map((vm) => ({ vm, status: 'skipped', reason })) };
  const { members } = book;
  const renamed = renamedMembers(members, removed);
  const same = await forgetNames(book, renamed);
  const gone = removed.filter((vm) => !renamed.has(vm));
  if (gone.length === 0) return { ends: same };
  run.observe({ kind: 'pruning', vms: gone });
  const batches = [{ canary: false, vms: gone }];
  const { ends, stopped } = await leaveMembers(world, { run, book, batches, members, most: gone.length });
  return { ends: [...same, ...ends], ...present({ stopped }) };
}

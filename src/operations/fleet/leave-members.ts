import { gatherClusterFacts } from '../../cluster/facts/facts.ts';
import type { Batch } from '../../fleet/batches.ts';
import type { FleetRecord } from '../../fleet/record.ts';
import { meshDigest } from '../../vm/membership-record.ts';
import type { World } from '../../world.ts';
import { openCluster } from '../connection/cluster.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import { type LeaveContext, type LeaveOptions, openLeaveContext } from '../leave/context.ts';
import { leave } from '../leave/leave.ts';
import type { LeaveNote, LeaveReport, LeavingVm } from '../leave/report.ts';
import { leaveSharedGroups } from '../leave/shared-groups.ts';
import { type Parts, reportOf } from '../vm-report.ts';
import { type Claim, openClaimed, standingOf } from './claimed-member.ts';
import type { VmEnd } from './event.ts';
import type { FleetRun } from './run.ts';
import type { FleetOptions } from './options.ts';
import { type BatchesEnd, runBatches } from './run-batches.ts';
import type { RunBook } from './run-record.ts';

export interface Leaving {
  readonly run: FleetRun;
  readonly book: RunBook;
  readonly batches: readonly Batch[];
  readonly members: FleetRecord['members'];
  /** How many VMs may fail before no other is started. */
  readonly most: number;
}

/** Removes VMs from the mesh, batch by batch. A VM that has left is no member of the fleet any more. Failures are in the ends. */
export async function leaveMembers(world: World, { run, book, batches, members, most }: Leaving): Promise<BatchesEnd> {
  const { options } = run;
  const context = await openLeaveContext(world, leaveOptions(options, options.machine));
  const mesh = batches.some(({ vms }) => vms.some((vm) => !isInFile(options, vm))) ? await meshOf(world, run) : '';
  const left: { leaving: LeavingVm; report: LeaveReport }[] = [];
  const away = new Set<string>();
  const change = async (vm: string): Promise<LeaveReport> => {
    const leaving = leavingOf(world, { run, members, vm });
    const own = contextOf(context, options, vm);
    const claim = { fleet: options.fleet.name, vm, mesh, address: addressOf({ run, members, vm }) };
    const report = isInFile(options, vm)
      ? await leave(own, leaving)
      : await reportOf(vm, world.signal, leaveClaimed(own, leaving, { claim, away }));
    left.push({ leaving, report });
    return report;
  };
  const ended = await runBatches({
    ...{ world, book, batches, most, change, forks: options.forks, observe: run.observe },
    excuse: ({ vm }) => (away.has(vm) ? AWAY : undefined),
    member: (report) => (report === undefined || report.status === 'failed' ? undefined : null),
  });
  const reports = new Map((await leaveSharedGroups(context, left)).map((report) => [report.vm, report]));
  const ends = ended.ends.map((end) => withReport(end, reports.get(end.vm)));
  for (const [index, { vm, status }] of ends.entries())
    if (status !== ended.ends[index]?.status) await book.vm(vm, status);
  return { ...ended, ends };
}

/** A VM that has left has failed if its group could not be removed with the last of its VMs. */
export function withReport(end: VmEnd, report: LeaveReport | undefined): VmEnd {
  if (!report) return end;
  return { ...end, ...(report.status === 'failed' && { status: 'failed' }), report };
}

interface Claimed {
  readonly claim: Claim;
  /** Gets the name of a machine that is in no mesh. */
  readonly away: Set<string>;
}

/** A VM that only the record names leaves if its machine confirms that it is this member. */
async function* leaveClaimed(context: LeaveContext, leaving: LeavingVm, { claim, away }: Claimed): Parts<LeaveNote> {
  const { world, options } = context;
  const host = await openClaimed(world, options.machine, claim);
  let standing: Awaited<ReturnType<typeof standingOf>> | undefined;
  try {
    standing = await standingOf(host, claim, world.signal);
  } finally {
    if (standing !== 'member') await host[Symbol.asyncDispose]();
  }
  if (standing === 'member') return yield await leave(context, { ...leaving, login: () => Promise.resolve(host) });
  away.add(claim.vm);
  yield { status: 'unchanged' };
}

const AWAY = 'it is in no mesh any more; only its name was forgotten, and the cluster may still have objects of it';

/** Which mesh the fleet is in, for the marks of its VMs. */
async function meshOf(world: World, { options: { cluster } }: FleetRun): Promise<string> {
  const { kube, namespace, facts } = await openCluster(world, cluster, undefined, { ofVm: true });
  const asked = { ...facts, namespace, skip: ['addresses'] as const, signal: world.signal };
  return meshDigest(await gatherClusterFacts(kube, asked));
}

/** Takes former names off the record, of machines that stay members under their present one. */
export async function forgetNames(book: RunBook, renamed: ReadonlyMap<string, string>): Promise<readonly VmEnd[]> {
  const ends: VmEnd[] = [];
  for (const [vm, now] of renamed) {
    await book.vm(vm, 'skipped', null);
    const reason = `it is the machine of ${now}, which stays in the file; only its former name was forgotten`;
    ends.push({ vm, status: 'skipped', reason });
  }
  return ends;
}

function machineOf({ targets, machine }: FleetOptions, vm: string): MachineOptions {
  return targets.find((each) => each.vm.name === vm)?.options.machine ?? machine;
}

const DRAIN_MS = 30_000;

function leaveOptions({ cluster }: FleetOptions, machine: MachineOptions, drainTimeoutMs = DRAIN_MS): LeaveOptions {
  const undo = { restore: [], keep: [], everything: false };
  return { cluster, machine, place: {}, verify: false, drainTimeoutMs, undo, dryRun: false };
}

function contextOf(context: LeaveContext, options: FleetOptions, vm: string): LeaveContext {
  const limitMs = options.targets.find((each) => each.vm.name === vm)?.options.restart.limitMs;
  return { ...context, options: leaveOptions(options, machineOf(options, vm), limitMs) };
}

interface Named extends Pick<Leaving, 'run' | 'members'> {
  readonly vm: string;
}

function isInFile({ targets }: FleetOptions, vm: string): boolean {
  return targets.some((each) => each.vm.name === vm);
}

/** What SSH connects to: by the file, else by the record. */
function addressOf({ run: { options }, members, vm }: Named): string {
  const known = options.targets.find((each) => each.vm.name === vm)?.vm;
  if (known) return known.address ?? vm;
  return (Object.hasOwn(members, vm) ? members[vm]?.address : undefined) ?? vm;
}

function leavingOf(world: World, { run, members, vm }: Named): LeavingVm {
  const { options, command, again } = run;
  const login = () => openMachine(world, machineOf(options, vm), addressOf({ run, members, vm }));
  return { vm, command, again, login, observe: (event) => run.observe({ kind: 'vm-event', vm, event }) };
}

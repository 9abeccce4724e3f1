import type { Batch } from '../../fleet/batches.ts';
import type { FleetRecord } from '../../fleet/record.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import { type LeaveContext, type LeaveOptions, openLeaveContext } from '../leave/context.ts';
import { leave } from '../leave/leave.ts';
import type { LeaveReport, LeavingVm } from '../leave/report.ts';
import { leaveSharedGroups } from '../leave/shared-groups.ts';
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
  const left: { leaving: LeavingVm; report: LeaveReport }[] = [];
  const change = async (vm: string): Promise<LeaveReport> => {
    const leaving = leavingOf(world, { run, members, vm });
    const report = await leave(contextOf(context, options, vm), leaving);
    left.push({ leaving, report });
    return report;
  };
  const ended = await runBatches({
    ...{ world, book, batches, most, change, forks: options.forks, observe: run.observe },
    member: (report) => (report === undefined || report.status === 'failed' ? undefined : null),
  });
  const reports = new Map((await leaveSharedGroups(context, left)).map((report) => [report.vm, report]));
  const ends = ended.ends.map((end) => {
    const report = reports.get(end.vm);
    return report ? { ...end, report } : end;
  });
  return { ...ended, ends };
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

function leavingOf(world: World, { run, members, vm }: Named): LeavingVm {
  const { options, command, again } = run;
  const known = options.targets.find((each) => each.vm.name === vm)?.vm.address;
  const name = known ?? (Object.hasOwn(members, vm) ? members[vm]?.address : undefined) ?? vm;
  const login = () => openMachine(world, machineOf(options, vm), name);
  return { vm, command, again, login, observe: (event) => run.observe({ kind: 'vm-event', vm, event }) };
}

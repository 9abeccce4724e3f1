import { batchesOf, mostFailures } from '../../fleet/batches.ts';
import { fleetPlanHash } from '../../fleet/approval.ts';
import type { FleetPlan } from '../../fleet/plan.ts';
import { isEmptyFleetPlan } from '../../fleet/plan.ts';
import { renamedMembers } from '../../fleet/record.ts';
import { authorOf } from '../../who.ts';
import type { World } from '../../world.ts';
import { type FleetRun, placeOf } from './run.ts';
import type { FleetReport } from './event.ts';
import { forgetNames, leaveMembers } from './leave-members.ts';
import { readFreeFleet, takeFleet } from './lock.ts';
import { removedAt, removedMembers } from './plan-fleet.ts';
import { RunBook } from './run-record.ts';

/** What a removal would do. Only reads. Throws `fleet-locked` and Problems of the cluster. */
export async function planRemoval(world: World, run: FleetRun): Promise<{ plan: FleetPlan; hash: string }> {
  const { plan, hash } = removalOf(run, await foundFleet(world, run));
  return { plan, hash };
}

/**
 * Removes the chosen VMs of a fleet from the mesh, in batches of `serial`, and members that the file no longer names. The record goes with
 * the last member. Throws `fleet-locked` and Problems of the cluster; failures of VMs are in the report.
 */
export async function removeFleet(world: World, run: FleetRun): Promise<FleetReport> {
  const { options, observe, command } = run;
  const { fleet } = options;
  const { place, found } = await foundFleet(world, run);
  const { members } = found.record;
  const { plan, hash, renamed } = removalOf(run, { place, found });
  observe({ kind: 'planned', plan, hash });
  if (isEmptyFleetPlan(plan)) return { fleet: fleet.name, hash, ends: [] };
  await run.confirm?.(plan);
  await using held = await takeFleet(world, place, found);
  const vms = Object.fromEntries(plan.batches.flatMap((batch) => batch.vms).map((vm) => [vm, 'waiting' as const]));
  const { who } = authorOf(world);
  const began = { command, who, plan: hash, began: world.now().toISOString(), vms };
  const book = new RunBook(held, { members, run: began });
  const most = mostFailures(fleet.rollout, Object.keys(vms).length);
  const { ends, stopped } = await leaveMembers(world, { run, book, batches: plan.batches, members, most });
  const same = options.prune && stopped === undefined ? await forgetNames(book, renamed) : [];
  await book.end(world.now(), stopped);
  if (Object.keys(book.members).length === 0) await held?.remove();
  return { fleet: fleet.name, hash, ends: [...same, ...ends], ...(stopped !== undefined && { stopped }) };
}

async function foundFleet(world: World, run: FleetRun) {
  const place = await placeOf(world, run);
  return { place, found: await readFreeFleet(world, place) };
}

/** The plan of a removal, and former names of machines that stay members. */
function removalOf(run: FleetRun, { place, found }: Awaited<ReturnType<typeof foundFleet>>) {
  const { options } = run;
  const { members } = found.record;
  const isMember = (name: string): boolean => Object.hasOwn(members, name) || !place.kube.live;
  const named = options.chosen.map(({ name }) => name).filter(isMember);
  const removed = removedMembers(options, found.record);
  const renamed = renamedMembers(members, removed);
  const gone = removed.filter((vm) => !renamed.has(vm));
  const plan = { ...planOf(run, named, gone), removedAt: removedAt(gone, found.record) };
  return { plan, hash: fleetPlanHash(plan), renamed };
}

/** Without canaries: a removal is not tried out. */
function planOf({ options }: FleetRun, named: readonly string[], removed: readonly string[]): FleetPlan {
  const { fleet, prune } = options;
  const all = [...named, ...(prune ? removed : [])];
  const { canary: _canary, ...rollout } = fleet.rollout;
  const as = all.map((name) => ({ name, groups: [], labels: {}, services: [], options: {}, origins: {} }));
  const vms = all.map((vm) => ({ vm, status: 'changes' as const, lines: ['remove it from the mesh'], digests: [] }));
  const batches = batchesOf({ ...fleet, rollout }, as, new Set(all));
  return { fleet: fleet.name, rollout, vms, batches, removed, prunes: false };
}

import pLimit from 'p-limit';
import { batchesOf } from '../../fleet/batches.ts';
import { fleetPlanHash } from '../../fleet/approval.ts';
import { type FleetPlan, isDue, type PlannedVm } from '../../fleet/plan.ts';
import type { FleetRecord } from '../../fleet/record.ts';
import type { World } from '../../world.ts';
import type { Contexts } from './contexts.ts';
import type { FleetObserver } from './event.ts';
import type { FleetOptions, FleetTarget } from './options.ts';
import { planVm } from './plan-vm.ts';

export interface Planning {
  readonly options: FleetOptions;
  readonly record: FleetRecord;
  readonly contexts: Contexts;
  readonly observe: FleetObserver;
}

/** The VMs that a command may touch, with their options. */
function chosenTargets({ targets, chosen }: FleetOptions): readonly FleetTarget[] {
  const names = new Set(chosen.map(({ name }) => name));
  return targets.filter(({ vm }) => names.has(vm.name));
}

/** Members that the file no longer names. */
export function removedMembers({ targets }: FleetOptions, { members }: FleetRecord): readonly string[] {
  const named = new Set(targets.map(({ vm }) => vm.name));
  return Object.keys(members).filter((name) => !named.has(name));
}

/** What SSH would connect to, of members whose record has another address than their name. */
export function removedAt(names: readonly string[], { members }: FleetRecord): Readonly<Record<string, string>> {
  const found = names.map((name) => [name, members[name]?.address ?? name] as const);
  return Object.fromEntries(found.filter(([name, address]) => address !== name));
}

/** Plans all chosen VMs, `forks` side by side, and joins their plans to one. Only reads. Throws Problems of the cluster and the package. */
export async function planFleet(world: World, { options, record, contexts, observe }: Planning): Promise<FleetPlan> {
  const targets = chosenTargets(options);
  const limit = pLimit(options.forks);
  let done = 0;
  const one = async (target: FleetTarget): Promise<PlannedVm> => {
    world.signal.throwIfAborted();
    const planned = await planVm(world, contexts, target, Object.hasOwn(record.members, target.vm.name));
    done += 1;
    observe({ kind: 'planned-vm', planned, done, total: targets.length });
    return planned;
  };
  const vms = await Promise.all(targets.map((target) => limit(() => one(target))));
  const due = new Set(vms.filter(isDue).map(({ vm }) => vm));
  const removed = removedMembers(options, record);
  const plan = {
    ...{ fleet: options.fleet.name, rollout: options.fleet.rollout, vms, prunes: options.prune },
    ...{ removed, removedAt: removedAt(removed, record) },
    batches: batchesOf(options.fleet, options.chosen, due),
  };
  observe({ kind: 'planned', plan, hash: fleetPlanHash(plan) });
  return plan;
}

import { batchesOf, mostFailures } from '../../fleet/batches.ts';
import { fleetPlanHash } from '../../fleet/approval.ts';
import { type FleetPlan, isEmptyFleetPlan } from '../../fleet/plan.ts';
import type { RunRecord } from '../../fleet/record.ts';
import { present } from '../../present.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { authorOf } from '../../who.ts';
import type { World } from '../../world.ts';
import type { RollbackEvent } from '../rollback/inspect.ts';
import { rollBack } from '../rollback/rollback.ts';
import type { VmReport } from '../vm-report.ts';
import { type FleetRun, placeOf } from './run.ts';
import { canaryOf } from './check-canary.ts';
import { Contexts, loginOf } from './contexts.ts';
import type { FleetReport } from './event.ts';
import { readFreeFleet, takeFleet } from './lock.ts';
import { type FleetOptions, targetOf } from './options.ts';
import { runBatches } from './run-batches.ts';
import { RunBook } from './run-record.ts';

/**
 * Rolls back, to their former packages, the chosen VMs whose package the last run changed, by their own audit. Goes through the batches
 * and canaries of an upgrade; the other VMs are skipped. Throws `fleet-locked` and Problems of the cluster; failures of VMs are in the report.
 */
export async function rollBackFleet(world: World, run: FleetRun): Promise<FleetReport> {
  const { options, observe, command } = run;
  const { fleet } = options;
  const place = await placeOf(world, run);
  const found = await readFreeFleet(world, place);
  const plan = planOf(options, found.record.run);
  const hash = fleetPlanHash(plan);
  observe({ kind: 'planned', plan, hash });
  if (isEmptyFleetPlan(plan)) return { fleet: fleet.name, hash, ends: [] };
  await run.confirm?.(plan);
  await using held = await takeFleet(world, place, found);
  const names = plan.batches.flatMap((batch) => batch.vms);
  const vms = Object.fromEntries(names.map((vm) => [vm, 'waiting' as const]));
  const { who } = authorOf(world);
  const began = { command, who, plan: hash, began: world.now().toISOString(), vms };
  const book = new RunBook(held, { members: found.record.members, run: began });
  const { ends, stopped } = await runBatches({
    ...{ world, book, observe, batches: plan.batches, forks: options.forks },
    most: mostFailures(fleet.rollout, names.length),
    change: (vm) => rollBackOne(world, run, vm),
    excuse: ({ problem }) => EXCUSES.get(problem?.id ?? ''),
    canary: canaryOf(options, new Contexts(world)),
  });
  await book.end(world.now(), stopped);
  const first = ends.filter(({ reason }) => reason === NO_EARLIER).map(({ vm }) => vm);
  return { fleet: fleet.name, hash, ends, ...present({ stopped, first: first.length > 0 ? first : undefined }) };
}

/** What the VM's audit calls a run of the fleet. */
const APPLY = { command: 'fleet apply' };

const NO_EARLIER = 'it keeps no earlier package';

/** Why a VM stays as it is, by the problem of its rollback. */
const EXCUSES: ReadonlyMap<string, string> = new Map([
  [leavingProblems.noFormerPackage.id, NO_EARLIER],
  [leavingProblems.packageNotChanged.id, 'the last run of the fleet did not change its package'],
  [leavingProblems.packageReplaced.id, 'its package is not the one that the last run of the fleet installed'],
]);

/** A rollback that was interrupted goes on with the VMs that it has not rolled back. */
function planOf({ fleet, chosen, prune: prunes }: FleetOptions, last: RunRecord | undefined): FleetPlan {
  const isAgain = last?.command === 'fleet rollback';
  const words = isAgain ? ['waiting', 'running', 'failed', 'skipped'] : ['running', 'failed', 'changed'];
  const due = chosen.filter(({ name }) => words.includes(last?.vms[name] ?? ''));
  const vms = due.map(({ name: vm }) => ({
    vm,
    status: 'changes' as const,
    lines: ['roll back its package'],
    digests: [],
  }));
  const batches = batchesOf(fleet, due, new Set(due.map(({ name }) => name)));
  return { fleet: fleet.name, rollout: fleet.rollout, vms, batches, removed: [], prunes };
}

async function rollBackOne(world: World, run: FleetRun, vm: string): Promise<VmReport> {
  const { options, command, again } = run;
  const observe = (event: RollbackEvent): void => run.observe({ kind: 'vm-event', vm, event });
  const target = targetOf(options, vm);
  const { cluster, machine, restart, confirmWithin } = target.options;
  const calling = { vm, command, again, dryRun: false, login: loginOf(world, target), observe };
  return await rollBack(world, calling, { cluster, machine, restart, confirmWithin, place: {}, only: APPLY });
}

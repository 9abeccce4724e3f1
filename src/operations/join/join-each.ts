import pLimit from 'p-limit';
import { present } from '../../present.ts';
import type { World } from '../../world.ts';
import { EarlyMachines } from '../connection/early-machines.ts';
import { openMachine } from '../connection/machine.ts';
import type { VmReport } from '../vm-report.ts';
import { openContext } from './context.ts';
import { join } from './join.ts';
import { openAsBefore } from './open-as-before.ts';
import type { JoinOptions } from './options.ts';
import type { JoinRun } from './run.ts';

/** Which VMs join at once. */
export interface Joins {
  /** The command that hints name: `up`. */
  readonly verb: string;
  readonly vms: readonly string[];
  /** How many VMs are worked on at the same time. */
  readonly parallel: number;
  readonly options: JoinOptions;
  /** What one of them is called, and who hears of it. */
  readonly about: (vm: string) => Pick<JoinRun, 'again' | 'command' | 'observe' | 'planned'>;
}

/**
 * Opens what all VMs share and joins each. A report for each VM, in their order; a bug that was met on one is a rejection and ends
 * none of the others. Throws what opening the cluster, the package or the client throws.
 */
export async function joinEach(
  world: World,
  { verb, vms, parallel, options, about }: Joins,
): Promise<readonly PromiseSettledResult<VmReport>[]> {
  await using machines = new EarlyMachines(world, options.machine, vms.slice(0, parallel));
  const opened = await openContext(world, options).catch((error: unknown) =>
    openAsBefore(world, { verb, vm: vms[0], options }, error),
  );
  await using client = await openClient(world, options);
  const context = { ...opened, ...present({ client }) };
  const limit = pLimit(parallel);
  const one = (vm: string): Promise<VmReport> => {
    const login = () => machines.take(vm) ?? openMachine(world, options.machine, vm);
    return limit(() => join({ ...about(vm), context, vm, verb, login, repeats: true }));
  };
  return await Promise.allSettled(vms.map(one));
}

/** One connection for the verification of all VMs. Nothing is verified in a dry run or an image. */
async function openClient(world: World, { probeClient, machine, dryRun }: JoinOptions) {
  if (probeClient === undefined || dryRun || machine.root !== undefined) return undefined;
  return await openMachine(world, machine, probeClient);
}

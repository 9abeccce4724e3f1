import pLimit from 'p-limit';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import { readMembership } from '../../vm/membership.ts';
import type { World } from '../../world.ts';
import { EarlyMachines } from '../connection/early-machines.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import type { VmReport } from '../vm-report.ts';
import { type JoinContext, openContext } from './context.ts';
import { join } from './join.ts';
import type { JoinOptions } from './options.ts';
import { isOfTheCluster, missingOptions, withRecorded } from './recorded-options.ts';
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
export async function joinEach(world: World, joins: Joins): Promise<readonly PromiseSettledResult<VmReport>[]> {
  const { verb, vms, parallel, options, about } = joins;
  await using machines = new EarlyMachines(world, options.machine, vms.slice(0, parallel));
  const opened = await openContext(world, options).catch((error: unknown) => openAsBefore(world, joins, error));
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

/**
 * The cluster, read with the options that the VM joined with: without them (the address of istiod, say) it may not be readable at
 * all. Throws the error that was met without them where the VM adds nothing.
 */
async function openAsBefore(world: World, { verb, vms: [vm], options }: Joins, error: unknown): Promise<JoinContext> {
  if (!(error instanceof Problem) || vm === undefined || world.signal.aborted) throw error;
  const recorded = await recordedOptions(world, vm, options.machine).catch(() => ({}));
  const missing = Object.entries(missingOptions(options, recorded)).filter(([name]) => isOfTheCluster(name));
  if (missing.length === 0) throw error;
  const before = withRecorded(verb, options, Object.fromEntries(missing));
  return { ...(await openContext(world, before)), options };
}

async function recordedOptions(world: World, vm: string, machine: MachineOptions): Promise<RecordedOptions> {
  await using host = await openMachine(world, machine, vm);
  return (await readMembership(host, world.signal)).record?.options ?? {};
}

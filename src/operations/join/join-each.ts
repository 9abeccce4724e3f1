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

/** The VMs of one run. */
export interface Joins {
  /** The command that hints name: `up`. */
  readonly verb: string;
  readonly vms: readonly string[];
  /** How many VMs join in parallel. */
  readonly parallel: number;
  readonly options: JoinOptions;
  /** The command and the observer of one VM. */
  readonly about: (vm: string) => AboutVm;
}

interface AboutVm extends Pick<JoinRun, 'again' | 'command' | 'observe' | 'planned' | 'confirmStrict'> {
  /** Called at the end of this VM. */
  readonly ended?: (report: VmReport) => void;
}

/**
 * Opens what all VMs share, and joins each. Returns a report per VM, in their order. A bug on one VM is a rejection and
 * does not stop the others. Throws Problems of opening the cluster, the package or the client.
 */
export async function joinEach(world: World, joins: Joins): Promise<readonly PromiseSettledResult<VmReport>[]> {
  const { verb, vms, parallel, options, about } = joins;
  await using machines = new EarlyMachines(world, options.machine, vms.slice(0, parallel));
  const [first] = vms;
  const recorded = async () => (first === undefined ? {} : await recordedOptions(world, first, options.machine));
  const opened = await openAsBefore(world, { verb, options, recorded });
  await using client = await openClient(world, options);
  const context = { ...opened, ...present({ client }) };
  const limit = pLimit(parallel);
  const one = async (vm: string): Promise<VmReport> => {
    const login = () => machines.take(vm) ?? openMachine(world, options.machine, vm);
    const { ended, ...run } = about(vm);
    const report = await limit(() => join({ ...run, context, vm, verb, login, repeats: true }));
    ended?.(report);
    return report;
  };
  return await Promise.allSettled(vms.map(one));
}

/** One connection for the verification of all VMs; none for a dry run or an image. */
async function openClient(world: World, { probeClient, machine, dryRun }: JoinOptions) {
  if (probeClient === undefined || dryRun || machine.root !== undefined) return undefined;
  return await openMachine(world, machine, probeClient);
}

/** What all VMs of a run share, and the options of the earlier join of one of them. */
export interface Opening extends Pick<Joins, 'verb' | 'options'> {
  readonly recorded: () => Promise<RecordedOptions>;
}

/**
 * Reads the cluster; if that fails, with the options of a VM's earlier join, such as the address of istiod, without which it may be
 * unreadable. Throws the first error if the VM adds no options.
 */
export async function openAsBefore(world: World, { verb, options, recorded }: Opening): Promise<JoinContext> {
  try {
    return await openContext(world, options);
  } catch (error) {
    if (!(error instanceof Problem) || world.signal.aborted) throw error;
    const missing = Object.entries(missingOptions(options, await recorded().catch(() => ({}))));
    const ofCluster = missing.filter(([name]) => isOfTheCluster(name));
    if (ofCluster.length === 0) throw error;
    const before = withRecorded(verb, options, Object.fromEntries(ofCluster));
    return { ...(await openContext(world, before)), options };
  }
}

async function recordedOptions(world: World, vm: string, machine: MachineOptions): Promise<RecordedOptions> {
  await using host = await openMachine(world, machine, vm);
  return (await readMembership(host, world.signal)).record?.options ?? {};
}

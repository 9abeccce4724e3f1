import { Problem } from '../../problems.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import { readMembership } from '../../vm/membership.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import { type JoinContext, openContext } from './context.ts';
import type { JoinOptions } from './options.ts';
import { isOfTheCluster, missingOptions, withRecorded } from './recorded-options.ts';

/** Which VM is asked how it joined, and the command that hints name. */
interface Opening {
  readonly verb: string;
  readonly vm: string | undefined;
  readonly options: JoinOptions;
}

/**
 * The cluster, read with the options that the VM joined with: without them (the address of istiod, say) it may not be readable at
 * all. Throws the error that was met without them where the VM adds nothing.
 */
export async function openAsBefore(world: World, { verb, vm, options }: Opening, error: unknown): Promise<JoinContext> {
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

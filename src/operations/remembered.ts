import { readMembership } from '../vm/membership.ts';
import type { RecordedOptions } from '../vm/membership-record.ts';
import type { World } from '../world.ts';
import { type MachineOptions, openMachine } from './connection/machine.ts';

/**
 * The options of its last join that a VM remembers in a file of root's, with its namespace and WorkloadGroup; none for a VM that never
 * joined. Only reads. Throws Problems of the connection and of the record.
 */
export async function rememberedOptions(
  world: World,
  { machine, vm }: { readonly machine: MachineOptions; readonly vm: string },
): Promise<RecordedOptions> {
  await using host = await openMachine(world, machine, vm);
  const { record } = await readMembership(host, world.signal);
  if (!record) return {};
  const { namespace, group, options } = record;
  return { ...options, namespace, ...(group !== undefined && { workloadGroup: group }) };
}

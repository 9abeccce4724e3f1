import { Problem } from '../../problems.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import type { Server } from './verify-service.ts';

/** The VM that serves. One that was not named may be unreachable from here: then it is not watched. Throws for a named one. */
export async function openServer(
  world: World,
  machine: MachineOptions,
  { vm, group }: { readonly vm: string | undefined; readonly group: string | undefined },
): Promise<Server> {
  if (vm !== undefined) return { host: await openMachine(world, machine, vm) };
  if (group === undefined) return { unwatched: 'no WorkloadGroup names the VM' };
  try {
    return { host: await openMachine(world, machine, group) };
  } catch (error) {
    if (!(error instanceof Problem) || world.signal.aborted) throw error;
    return { unwatched: error.message };
  }
}

import type { Fleet, FleetVm } from '../../fleet/fleet.ts';
import type { ClusterOptions } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { JoinOptions, OnlyServices } from '../join/options.ts';

/** A VM of a fleet, and how it joins. */
export interface FleetTarget {
  readonly vm: FleetVm;
  readonly options: JoinOptions;
  /** The services that the file gives its group. */
  readonly keeps: OnlyServices;
}

/** A fleet, and the part of it that a command may touch. */
export interface FleetOptions {
  readonly fleet: Fleet;
  /** All VMs of the file, in its order. */
  readonly targets: readonly FleetTarget[];
  /** Those that the operator's patterns leave. */
  readonly chosen: readonly FleetVm[];
  /** The cluster of the fleet. */
  readonly cluster: ClusterOptions;
  /** How VMs are reached that the file no longer names. */
  readonly machine: MachineOptions;
  /** How many VMs are connected at the same time. */
  readonly forks: number;
  /** Also removes members that the file no longer names. */
  readonly prune: boolean;
}

/** The target of a name that the file has. */
export function targetOf({ targets }: FleetOptions, vm: string): FleetTarget {
  const found = targets.find((each) => each.vm.name === vm);
  if (!found) throw new Error(`no target ${vm}`);
  return found;
}

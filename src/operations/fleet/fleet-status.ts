import type { FleetMember, RunRecord, VmWord } from '../../fleet/record.ts';
import { present } from '../../present.ts';
import type { World } from '../../world.ts';
import type { MeshStatus, VmStatus } from '../status/mesh-status.ts';
import { meshStatus } from '../status/status.ts';
import { type FleetRun, placeOf } from './run.ts';
import { readFleet } from './lock.ts';

/** One VM of a fleet as file, record and cluster have it. */
export interface FleetVmStatus {
  readonly vm: string;
  /** `waiting`: in the file, and no run has joined it. `removed`: a member that the file no longer names. */
  readonly membership: 'member' | 'waiting' | 'removed';
  readonly namespace?: string;
  readonly group?: string;
  readonly address?: string;
  /** Its state in the mesh; absent if the cluster does not know it. */
  readonly state?: VmStatus['state'];
  /** Where the last run left it. */
  readonly lastRun?: VmWord;
}

export interface FleetStatus {
  readonly fleet: string;
  readonly vms: readonly FleetVmStatus[];
  /** The last run; absent before the first. */
  readonly run?: Omit<RunRecord, 'vms'>;
  /** Who changes the fleet now. */
  readonly heldBy?: string;
}

/** A fleet as its file, its record and the cluster have it. Only reads, and no VM is asked. Throws Problems of the cluster. */
export async function fleetStatus(world: World, run: FleetRun): Promise<FleetStatus> {
  const { options } = run;
  const { record, lease } = await readFleet(await placeOf(world, run), world.signal);
  const mesh = await meshStatus({ ...world, note: () => undefined }, { cluster: options.cluster, vms: [] });
  const named = options.chosen.map(({ name }) => name);
  const all = options.targets.map(({ vm }) => vm.name);
  const removed = Object.keys(record.members).filter((name) => !all.includes(name));
  const vms = [...named, ...removed].map((vm): FleetVmStatus => {
    const member = Object.hasOwn(record.members, vm) ? record.members[vm] : undefined;
    const membership = !all.includes(vm) ? 'removed' : member ? 'member' : 'waiting';
    const { namespace, group, ip: address } = member ?? {};
    const lastRun = record.run && Object.hasOwn(record.run.vms, vm) ? record.run.vms[vm] : undefined;
    return {
      vm,
      membership,
      ...present({ namespace, group, address, state: member && stateOf(mesh, member), lastRun }),
    };
  });
  const { vms: _vms, ...last } = record.run ?? {};
  const heldBy = lease?.holder?.replace(/\/[0-9a-f]{12}$/, '');
  return {
    fleet: options.fleet.name,
    vms,
    ...(record.run && { run: last as FleetStatus['run'] & object }),
    ...present({ heldBy }),
  };
}

/** Machines of one group differ by their addresses. */
function stateOf({ vms }: MeshStatus, { namespace, group, ip }: FleetMember): VmStatus['state'] | undefined {
  const own = vms.filter((vm) => vm.namespace === namespace && (vm.group ?? vm.vm) === group);
  return (own.find((vm) => vm.address === ip) ?? (own.length === 1 ? own[0] : undefined))?.state;
}

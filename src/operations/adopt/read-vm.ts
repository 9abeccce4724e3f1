import { present } from '../../present.ts';
import { readStanding, type Standing } from '../../vm/adopt/standing.ts';
import type { World } from '../../world.ts';
import { reachedAddresses } from '../connection/addresses.ts';
import { openCluster } from '../connection/cluster.ts';
import { openMachine } from '../connection/machine.ts';
import type { JoinOptions } from '../join/options.ts';
import { accountOf, type Adopted, adoptedOf, memberOf } from './adopted.ts';
import { confirmIdentity } from './identity.ts';
import { selectingServices } from './selecting.ts';

/** A VM that was joined by hand, and the equivalent join. */
export interface HandMadeVm {
  readonly standing: Standing;
  readonly adopted: Adopted;
}

/**
 * Reads what runs on a VM and its objects in the cluster. Only reads. If the operator does not name namespace, group
 * and account, the cluster must confirm them. Throws `adopt-unconfirmed`, `invalid-input`.
 */
export async function readHandMadeVm(
  world: World,
  vm: string,
  { unit, options }: { readonly unit: string; readonly options: JoinOptions },
): Promise<HandMadeVm> {
  const { signal } = world;
  const { machine, cluster, vmAddress } = options;
  await using host = await openMachine(world, machine, vm);
  const standing = await readStanding(host, unit, signal);
  const { namespace, group, serviceAccount = accountOf(standing) } = options.workload;
  const member = { ...memberOf(standing), ...present({ namespace, group, address: vmAddress }) };
  const { kube } = await openCluster(world, cluster, member.namespace);
  const known = vmAddress === undefined ? await reachedAddresses(world, machine, vm) : [vmAddress];
  const isTyped = namespace !== undefined && group !== undefined && options.workload.serviceAccount !== undefined;
  await confirmIdentity(kube, { vm, member, serviceAccount, known, isTyped, signal });
  const found = await selectingServices(kube, member, signal);
  return { standing, adopted: adoptedOf(standing, { ...member, serviceAccount }, found) };
}

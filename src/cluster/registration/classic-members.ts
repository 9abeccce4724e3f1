import { addressesOf, parseSubsets } from '../../mesh/classic/subsets.ts';
import { classicEndpoints } from './classic-rotation.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { ClusterMembers, RegisteredVm } from './registered-vm.ts';

/** By the Endpoints that meshx wrote. There are no groups, so no others either. */
export async function classicMembers(kube: Kubernetes, vm: RegisteredVm): Promise<ClusterMembers> {
  const found = (await classicEndpoints(kube, vm)).flatMap((endpoints) => addressesOf(parseSubsets(endpoints)));
  return { own: vm.addresses.filter((address) => found.includes(address)), others: [] };
}

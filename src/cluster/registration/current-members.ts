import { automaticGroup, entryAddress, listEntries } from './entries.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { ClusterMembers, RegisteredVm } from './registered-vm.ts';

/** By the entries of its WorkloadGroup. */
export async function currentMembers(kube: Kubernetes, vm: RegisteredVm): Promise<ClusterMembers> {
  const entries = await listEntries(kube, vm.namespace, vm.signal);
  const members = entries.filter((entry) => automaticGroup(entry) === vm.group).map(entryAddress);
  const isOwn = (address: string): boolean => vm.addresses.includes(address);
  return { own: members.filter(isOwn), others: members.filter((address) => !isOwn(address)) };
}

/** WorkloadGroups with an entry at one of the addresses, as sentences: `10.0.0.5 is in WorkloadGroup vm/web`. */
export async function groupsOfAddresses(
  kube: Kubernetes,
  namespaces: readonly string[],
  { addresses, signal }: Pick<RegisteredVm, 'addresses' | 'signal'>,
): Promise<readonly string[]> {
  const found = await Promise.all(
    namespaces.map(async (namespace) =>
      (await listEntries(kube, namespace, signal)).flatMap((entry) => {
        const group = automaticGroup(entry);
        const address = entryAddress(entry);
        if (group === undefined || !addresses.includes(address)) return [];
        return [`${address} is in WorkloadGroup ${namespace}/${group}`];
      }),
    ),
  );
  return found.flat();
}

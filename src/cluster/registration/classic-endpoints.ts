import {
  addressesOf,
  formatSubsets,
  holdAddress,
  isReady,
  parseSubsets,
  removeAddress,
  type Subset,
} from '../../mesh/classic/subsets.ts';
import { madeByMeshx, refOf, type KubeObject } from '../../mesh/kube-object.ts';
import { appliedByMeshx } from '../api/applied-object.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN, type ClusterPlan } from '../api/plan.ts';
import { serviceRef } from '../api/refs.ts';
import type { ClusterMembers, Departure, Leaving, RegisteredVm, Rotation } from './registered-vm.ts';

type VmAddresses = Pick<RegisteredVm, 'namespace' | 'addresses' | 'signal'>;

/** Moves the address to notReadyAddresses, which Pilot ignores. The address stays in the object if the run dies. */
export async function classicRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation> {
  const found = (await endpointsOf(kube, vm)).filter((endpoints) => readyIn(endpoints, vm) === (to === 'out'));
  const change = found.map((endpoints) =>
    withSubsets(endpoints, (subsets) => vm.addresses.reduce((all, ip) => holdAddress(all, ip, to === 'in'), subsets)),
  );
  return { plan: { ...EMPTY_PLAN, change }, services: found.map(({ metadata }) => metadata.name), foreign: [] };
}

/** Removes the VM's addresses from all Endpoints that meshx wrote. A Service of meshx goes with its last address. */
export async function planClassicDeparture(kube: Kubernetes, vm: Leaving): Promise<Departure> {
  const parts = await Promise.all((await endpointsOf(kube, vm)).map((endpoints) => planOne(kube, endpoints, vm)));
  const [change, remove] = [parts.flatMap((part) => part.change), parts.flatMap((part) => part.remove)];
  return { plan: { ...EMPTY_PLAN, change, remove }, notes: [] };
}

async function planOne(kube: Kubernetes, endpoints: KubeObject, vm: Leaving): Promise<ClusterPlan> {
  const { namespace, addresses, signal } = vm;
  const without = (subsets: readonly Subset[]) =>
    addresses.reduce((rest, ip) => removeAddress(rest, ip) ?? rest, subsets);
  const service = await kube.get(serviceRef(namespace, endpoints.metadata.name), signal);
  const isEmpty = addressesOf(without(parseSubsets(endpoints))).length === 0;
  if (isEmpty && (service === undefined || madeByMeshx(service)))
    return { ...EMPTY_PLAN, remove: [...(service ? [refOf(service)] : []), refOf(endpoints)] };
  return { ...EMPTY_PLAN, change: [withSubsets(endpoints, without)] };
}

function withSubsets(endpoints: KubeObject, change: (subsets: readonly Subset[]) => readonly Subset[]) {
  const subsets = formatSubsets(change(parseSubsets(endpoints)), endpoints);
  return { object: { ...endpoints, subsets }, fields: ['subsets'] };
}

/** A classic mesh has no groups, so a VM shares nothing with others. */
export async function classicMembers(kube: Kubernetes, vm: RegisteredVm): Promise<ClusterMembers> {
  const found = (await endpointsOf(kube, vm)).flatMap((endpoints) => addressesOf(parseSubsets(endpoints)));
  return { own: vm.addresses.filter((address) => found.includes(address)), others: [] };
}

/** Endpoints that hold an address of the VM and that meshx wrote. */
async function endpointsOf(kube: Kubernetes, { namespace, signal, addresses }: VmAddresses) {
  const all = await kube.list({ apiVersion: 'v1', kind: 'Endpoints', namespace }, signal);
  return all.filter((endpoints) => readyIn(endpoints, { addresses }) !== undefined && appliedByMeshx(endpoints));
}

function readyIn(endpoints: KubeObject, { addresses }: Pick<RegisteredVm, 'addresses'>): boolean | undefined {
  const subsets = parseSubsets(endpoints);
  const states = addresses.map((address) => isReady(subsets, address)).filter((state) => state !== undefined);
  return states.length === 0 ? undefined : states.includes(true);
}

import { formatSubsets, holdAddress, isReady, parseSubsets } from '../../mesh/classic/subsets.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { appliedByMeshx } from '../api/applied-object.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN } from '../api/plan.ts';
import type { RegisteredVm, Rotation } from './registered-vm.ts';

/** The address moves among the notReadyAddresses of Endpoints, which Pilot passes over: a run that dies loses nothing. */
export async function classicRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation> {
  const found = (await classicEndpoints(kube, vm)).filter((endpoints) => readyIn(endpoints, vm) === (to === 'out'));
  const change = found.map((endpoints) => {
    const subsets = vm.addresses.reduce((held, ip) => holdAddress(held, ip, to === 'in'), parseSubsets(endpoints));
    return { object: { ...endpoints, subsets: formatSubsets(subsets, endpoints) }, fields: ['subsets'] };
  });
  return { plan: { ...EMPTY_PLAN, change }, services: found.map(({ metadata }) => metadata.name), foreign: [] };
}

/** Endpoints that hold an address of the VM because meshx wrote it there. */
export async function classicEndpoints(
  kube: Kubernetes,
  { namespace, signal, ...vm }: Pick<RegisteredVm, 'namespace' | 'addresses' | 'signal'>,
): Promise<readonly KubeObject[]> {
  const all = await kube.list({ apiVersion: 'v1', kind: 'Endpoints', namespace }, signal);
  return all.filter((endpoints) => readyIn(endpoints, vm) !== undefined && appliedByMeshx(endpoints));
}

function readyIn(endpoints: KubeObject, { addresses }: Pick<RegisteredVm, 'addresses'>): boolean | undefined {
  const subsets = parseSubsets(endpoints);
  const states = addresses.map((address) => isReady(subsets, address)).filter((state) => state !== undefined);
  return states.length === 0 ? undefined : states.includes(true);
}

import { addressesOf, formatSubsets, parseSubsets, removeAddress } from '../../mesh/classic/subsets.ts';
import { madeByMeshx, refOf, type KubeObject } from '../../mesh/kube-object.ts';
import type { Departure, Leaving } from './leaving.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN, type ClusterPlan } from '../api/plan.ts';
import { serviceRef } from '../api/refs.ts';
import { classicEndpoints } from './classic-rotation.ts';

/** The addresses of the VM out of all Endpoints that meshx wrote them into; a Service of meshx goes with its last one. */
export async function planClassicDeparture(kube: Kubernetes, vm: Leaving): Promise<Departure> {
  const found = await classicEndpoints(kube, vm);
  const parts = await Promise.all(found.map((endpoints) => planOne(kube, endpoints, vm)));
  const [change, remove] = [parts.flatMap((part) => part.change), parts.flatMap((part) => part.remove)];
  return { plan: { ...EMPTY_PLAN, change, remove }, notes: [] };
}

async function planOne(
  kube: Kubernetes,
  endpoints: KubeObject,
  { namespace, addresses, signal }: Leaving,
): Promise<ClusterPlan> {
  const subsets = addresses.reduce((rest, ip) => removeAddress(rest, ip) ?? rest, parseSubsets(endpoints));
  const service = await kube.get(serviceRef(namespace, endpoints.metadata.name), signal);
  if (addressesOf(subsets).length === 0 && (service === undefined || madeByMeshx(service)))
    return { ...EMPTY_PLAN, remove: [...(service ? [refOf(service)] : []), refOf(endpoints)] };
  const object = { ...endpoints, subsets: formatSubsets(subsets, endpoints) };
  return { ...EMPTY_PLAN, change: [{ object, fields: ['subsets'] }] };
}

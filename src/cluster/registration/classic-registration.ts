import { classicRemoval } from '../../mesh/classic/deregistration.ts';
import { classicObjects, type ClassicFound, type ClassicRegistration } from '../../mesh/classic/registration.ts';
import { madeByMeshx, refOf, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { addressesOf, parseSubsets } from '../../mesh/classic/subsets.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Deregistration } from './current-deregistration.ts';
import { difference } from '../api/difference.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN, type ClusterPlan } from '../api/plan.ts';
import { serviceRef } from '../api/refs.ts';

/** A plan, and the number of addresses behind the service afterwards. */
export interface PlannedClassicRegistration {
  readonly plan: ClusterPlan;
  readonly count: number;
}

/** What must be written to register an address in a classic cluster: Service and Endpoints. */
export async function planClassicRegistration(
  kube: Kubernetes,
  registration: ClassicRegistration,
  signal?: AbortSignal,
): Promise<PlannedClassicRegistration> {
  const found = await readFound(kube, registration.namespace, registration.service, signal);
  const { service, endpoints, count } = classicObjects(registration, found);
  return { plan: joinPlans(planOne(service, found.service), planOne(endpoints, found.endpoints)), count };
}

/** What must be written to remove an address, or all of them, from a classic service. */
export async function planClassicDeregistration(
  kube: Kubernetes,
  wanted: Deregistration,
): Promise<PlannedClassicRegistration> {
  const { namespace, service, address, keepService, signal } = wanted;
  const found = await readFound(kube, namespace, service, signal);
  if (address === undefined) return { plan: allGone(kube, found, wanted), count: 0 };
  const { endpoints, count, isEmpty } = classicRemoval({ service, address }, found);
  if (isEmpty && keepService !== true) return { plan: { ...EMPTY_PLAN, remove: refsOf(found) }, count };
  return { plan: planOne(endpoints, found.endpoints), count };
}

/** Without an address, everything that meshx made is removed. Endpoints of another owner's Service need an address. */
function allGone(kube: Kubernetes, found: ClassicFound, wanted: Deregistration): ClusterPlan {
  const isOurs = found.service !== undefined && madeByMeshx(found.service);
  if (!isOurs) throw clusterProblems.notRegistered({ service: wanted.service, cluster: kube.name });
  if (wanted.keepService !== true) return { ...EMPTY_PLAN, remove: refsOf(found) };
  const isEmpty = found.endpoints === undefined || addressesOf(parseSubsets(found.endpoints)).length === 0;
  return isEmpty ? EMPTY_PLAN : { ...EMPTY_PLAN, remove: refsOf({ ...found, service: undefined }) };
}

async function readFound(
  kube: Kubernetes,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<ClassicFound> {
  const [service, endpoints] = await Promise.all([
    kube.get(serviceRef(namespace, name), signal),
    kube.get({ apiVersion: 'v1', kind: 'Endpoints', namespace, name }, signal),
  ]);
  return { ...(service && { service }), ...(endpoints && { endpoints }) };
}

/** classicObjects returns the found object itself when nothing changes. */
function planOne(wanted: KubeObject, found: KubeObject | undefined): ClusterPlan {
  if (found === undefined) return { ...EMPTY_PLAN, create: [wanted] };
  if (wanted === found) return { ...EMPTY_PLAN, unchanged: [refOf(found)] };
  return { ...EMPTY_PLAN, change: [{ object: wanted, fields: difference(wanted, found) }] };
}

function joinPlans(one: ClusterPlan, other: ClusterPlan): ClusterPlan {
  return {
    ...EMPTY_PLAN,
    create: [...one.create, ...other.create],
    change: [...one.change, ...other.change],
    unchanged: [...one.unchanged, ...other.unchanged],
  };
}

function refsOf(found: {
  readonly service?: KubeObject | undefined;
  readonly endpoints?: KubeObject;
}): readonly ObjectRef[] {
  return [found.service, found.endpoints].filter((object) => object !== undefined).map(refOf);
}

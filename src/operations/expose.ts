import { parseWorkloadIp } from '../mesh/address.ts';
import { agentPolicyObjects } from '../mesh/current/agent-policy.ts';
import { meshGeneration } from '../mesh/mesh-generation.ts';
import type { Via } from '../mesh/exposure.ts';
import { type KubeObject, madeByMeshx, type ObjectRef, refOf } from '../mesh/kube-object.ts';
import { list, mapping } from '../mesh/unknown.ts';
import { clusterProblems } from '../problems/cluster.ts';
import { waitForForwardingRulesGone, waitForServicesGone } from '../cluster/compute/balancers-gone.ts';
import { exposureStatus, type ExposureStatus } from '../cluster/facts/exposure-status.ts';
import type { ExposeOptions } from '../cluster/facts/facts-options.ts';
import { detectGeneration, generationOf } from '../cluster/facts/detect-generation.ts';
import { clusterGeneration } from '../cluster/facts/generation.ts';
import { detectProvider } from '../cluster/facts/load-balancer.ts';
import { byRevision } from '../cluster/facts/revision-tag.ts';
import type { Kubernetes } from '../cluster/api/kubernetes.ts';
import { type ClusterPlan, EMPTY_PLAN } from '../cluster/api/plan.ts';
import { revisionSuffix, serviceRef } from '../cluster/api/refs.ts';
import { planAgentPolicy, type PlannedPolicy } from '../cluster/rights/agent-policy.ts';
import { registrationPlan } from '../cluster/registration/register.ts';
import { present } from '../present.ts';
import type { World } from '../world.ts';
import { type ClusterOptions, openCluster, openCompute } from './connection/cluster.ts';

/** How VMs reach the control plane. Without `via` it is a load balancer of the provider that the nodes name. */
export type Exposure = Omit<ExposeOptions, 'via'> & { readonly via?: Via };

/** A plan and the cluster that it is for. */
export interface PlannedExposure {
  readonly kube: Kubernetes;
  readonly plan: ClusterPlan;
}

/** What an exposure writes. */
interface PlannedExpose extends PlannedExposure {
  /** Number of new load balancers, which most clouds bill. */
  readonly loadBalancers: number;
  /** Why agents will get no rights in this cluster. */
  readonly unlimited?: string;
}

/** The objects of an exposure, as they would be written. Only reads. */
export async function showExposure(
  world: World,
  cluster: ClusterOptions,
  exposure: Exposure,
): Promise<readonly KubeObject[]> {
  const { kube } = await openCluster(world, cluster, cluster.facts.istioNamespace);
  const objects = await exposureObjects(kube, exposure);
  return [...objects, ...((await hasAgents(kube, exposure)) ? agentPolicyObjects() : [])];
}

/** What an exposure writes, with the policy that limits the agents of its VMs. Only reads. */
export async function planExpose(world: World, cluster: ClusterOptions, exposure: Exposure): Promise<PlannedExpose> {
  const { kube } = await openCluster(world, cluster, cluster.facts.istioNamespace);
  const exposing = await planExposure(kube, exposure);
  const { plan: policy, missing: unlimited } = await limitingAgents(kube, exposure);
  const plan = {
    ...exposing,
    create: [...exposing.create, ...policy.create],
    change: [...exposing.change, ...policy.change],
  };
  return { kube, plan, loadBalancers: plan.create.filter(isLoadBalancer).length, ...present({ unlimited }) };
}

/** VMs of a classic mesh have no agents. */
async function limitingAgents(kube: Kubernetes, exposure: Exposure): Promise<PlannedPolicy> {
  return (await hasAgents(kube, exposure)) ? planAgentPolicy(kube, exposure.signal) : { plan: EMPTY_PLAN };
}

async function hasAgents(kube: Kubernetes, exposure: Exposure): Promise<boolean> {
  return meshGeneration(await detectGeneration(kube, exposure)).hasGroups;
}

function isLoadBalancer({ kind, spec }: KubeObject): boolean {
  return kind === 'Service' && JSON.stringify(spec ?? {}).includes('LoadBalancer');
}

/** The Services that VMs need, from both namespaces. Uses an open cluster if given. Only reads. */
export async function readExposure(world: World, cluster: ClusterOptions, open?: Kubernetes): Promise<ExposureStatus> {
  const kube = open ?? (await openCluster(world, cluster, cluster.facts.istioNamespace)).kube;
  return await exposureStatus(kube, { ...cluster.facts, signal: world.signal, now: world.now() });
}

/** What `expose delete` deletes. Only reads. */
export async function planUnexpose(world: World, cluster: ClusterOptions): Promise<PlannedExposure> {
  const { kube, facts } = await openCluster(world, cluster, cluster.facts.istioNamespace);
  return { kube, plan: await planExposureDeletion(kube, facts) };
}

/** Waits for the Services, which their finalizer keeps, and then for what the cloud still lists. */
export async function waitUntilGone(
  world: World,
  cluster: ClusterOptions,
  { kube, plan }: PlannedExposure,
): Promise<void> {
  const services = plan.remove.filter(({ kind }) => kind === 'Service');
  const wait = cluster.facts.wait ?? { timeoutMs: 0 };
  const { signal } = world;
  await waitForServicesGone(kube, { services, wait, signal });
  if (cluster.place.project === undefined || services.length === 0) return;
  await using compute = await openCompute(world, cluster);
  await waitForForwardingRulesGone(compute, { services, wait, signal });
}

/**
 * The objects by which VMs reach the control plane. Only reads. Throws `istio-not-found`, `control-plane-elsewhere`,
 * `external-ip-taken`, `gateway-port-missing`, `gateway-without-pods`.
 */
export async function exposureObjects(kube: Kubernetes, exposure: Exposure): Promise<readonly KubeObject[]> {
  const { signal } = exposure;
  const via = exposure.via ?? { kind: 'loadbalancer' as const, provider: await detectProvider(kube, signal) };
  return byRevision(kube, { ...exposure, via }, async (options) => {
    if (via.kind === 'external-ip') await refuseNodeAddress(kube, via.address, signal);
    return clusterGeneration(await generationOf(kube, options)).exposure(kube, options);
  });
}

/** What those objects change. Every write is sent as a dry run first, so that all of them are valid or none is made. */
export async function planExposure(kube: Kubernetes, exposure: Exposure): Promise<ClusterPlan> {
  const { signal } = exposure;
  const plan = await registrationPlan(kube, await exposureObjects(kube, exposure), signal);
  const writes = [...plan.create, ...plan.change.map(({ object }) => object)];
  for (const object of kube.live ? writes : []) await kube.apply(object, { dryRun: true, ...present({ signal }) });
  return plan;
}

/** Only Services, Gateways and VirtualServices that meshx made are deleted. */
export async function planExposureDeletion(
  kube: Kubernetes,
  options: Pick<ExposeOptions, 'istioNamespace' | 'revision' | 'signal'>,
): Promise<ClusterPlan> {
  const found = await Promise.all(exposureRefs(options).map((ref) => kube.get(ref, options.signal)));
  const own = found.filter((object) => object !== undefined).filter(madeByMeshx);
  return { ...EMPTY_PLAN, remove: own.map(refOf) };
}

/** All that `expose apply` may have made, in either generation and in both namespaces. */
function exposureRefs(options: Pick<ExposeOptions, 'istioNamespace' | 'revision'>): readonly ObjectRef[] {
  const { istioNamespace: namespace } = options;
  const suffix = revisionSuffix(options.revision);
  const balancers = ['istio-pilot-ilb', 'mixer-ilb', 'istio-ca-ilb', 'citadel-ilb', `istiod${suffix}-ilb`];
  const apiVersion = 'networking.istio.io/v1';
  return [
    { apiVersion, kind: 'VirtualService', namespace, name: `istiod-vs${suffix}` },
    { apiVersion, kind: 'Gateway', namespace, name: `istiod-gateway${suffix}` },
    ...[...balancers, 'istio-eastwestgateway'].map((name) => serviceRef(namespace, name)),
    ...['dns-ilb', 'dns-ilb-tcp'].map((name) => serviceRef('kube-system', name)),
  ];
}

/** kube-proxy would take a node's own address away from the node. */
async function refuseNodeAddress(kube: Kubernetes, given: string, signal?: AbortSignal): Promise<void> {
  const address = parseWorkloadIp(given);
  for (const node of await kube.list({ apiVersion: 'v1', kind: 'Node' }, signal)) {
    const own = list(mapping(node['status'])['addresses']).map((each) => mapping(each)['address']);
    if (own.includes(address)) throw clusterProblems.externalIpTaken({ address, node: node.metadata.name });
  }
}

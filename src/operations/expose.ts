import {
  detectProvider,
  exposureObjects,
  type ExposeOptions,
  planExposure,
  planExposureDeletion,
  type Via,
  waitForForwardingRulesGone,
  waitForServicesGone,
} from '../cluster/expose.ts';
import type { Kubernetes } from '../cluster/api/kubernetes.ts';
import type { ClusterPlan } from '../cluster/api/plan.ts';
import type { KubeObject } from '../mesh/kube-object.ts';
import type { World } from '../world.ts';
import { type ClusterOptions, openCluster, openCompute } from './connection/cluster.ts';

/** How VMs shall reach the control plane; a load balancer of the provider that the nodes name without `via`. */
export type Exposure = Omit<ExposeOptions, 'via'> & { readonly via?: Via };

/** A plan and the cluster that it is for. */
export interface PlannedExposure {
  readonly kube: Kubernetes;
  readonly plan: ClusterPlan;
}

/** The objects of an exposure. Only reads. */
export async function showExposure(
  world: World,
  cluster: ClusterOptions,
  exposure: Exposure,
): Promise<readonly KubeObject[]> {
  const { kube } = await openCluster(world, cluster, cluster.facts.istioNamespace);
  return exposureObjects(kube, await complete(kube, exposure));
}

/** What has to be written for an exposure. Only reads. */
export async function planExpose(world: World, cluster: ClusterOptions, exposure: Exposure): Promise<PlannedExposure> {
  const { kube } = await openCluster(world, cluster, cluster.facts.istioNamespace);
  return { kube, plan: await planExposure(kube, await complete(kube, exposure)) };
}

/** What has to be deleted so that no exposure by meshx is left. Only reads. */
export async function planUnexpose(world: World, cluster: ClusterOptions): Promise<PlannedExposure> {
  const { kube, facts } = await openCluster(world, cluster, cluster.facts.istioNamespace);
  return { kube, plan: await planExposureDeletion(kube, facts) };
}

/** Waits for the Services first: their finalizer goes when the cloud's controller has let go. Then for what the cloud itself still lists. */
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

async function complete(kube: Kubernetes, exposure: Exposure): Promise<ExposeOptions> {
  const via = exposure.via ?? { kind: 'loadbalancer', provider: await detectProvider(kube, exposure.signal) };
  return { ...exposure, via };
}

import { detectGeneration } from '../cluster/facts/detect-generation.ts';
import { clusterGeneration } from '../cluster/facts/generation.ts';
import type { Kubernetes } from '../cluster/api/kubernetes.ts';
import type { ClusterPlan } from '../cluster/api/plan.ts';
import { present } from '../present.ts';
import type { World } from '../world.ts';
import { type ClusterOptions, openCluster } from './connection/cluster.ts';

/** A service, and the address to remove from it. */
export interface DeregisterOptions {
  readonly cluster: ClusterOptions;
  readonly namespace: string | undefined;
  readonly service: string;
  /** All addresses when undefined. */
  readonly address: string | undefined;
  readonly keepService: boolean;
}

/** The writes, and their cluster. */
export interface PlannedDeregister {
  readonly kube: Kubernetes;
  readonly namespace: string;
  readonly plan: ClusterPlan;
}

/** Only reads. Throws `service-not-registered`. */
export async function planDeregister(world: World, options: DeregisterOptions): Promise<PlannedDeregister> {
  const { service, address, keepService } = options;
  const { kube, namespace, facts } = await openCluster(world, options.cluster, options.namespace);
  const wanted = { namespace, service, keepService, signal: world.signal, ...present({ address }) };
  const generation = clusterGeneration(await detectGeneration(kube, facts));
  return { kube, namespace, plan: await generation.planDeregistration(kube, wanted) };
}

import { planEviction, planReturn } from '../cluster/registration/evict.ts';
import { gatherClusterFacts } from '../cluster/facts/facts.ts';
import { clusterGeneration } from '../cluster/facts/generation.ts';
import type { Kubernetes } from '../cluster/api/kubernetes.ts';
import type { World } from '../world.ts';
import { type ClusterOptions, openCluster } from './connection/cluster.ts';

/** A VM or group to evict from the mesh, or to readmit. */
export interface EvictOptions {
  readonly cluster: ClusterOptions;
  readonly namespace: string | undefined;
  /** A name or an address; the cluster decides which. */
  readonly target: string;
  /** The risk that others with the same identity are denied too. */
  readonly acceptShared: boolean;
}

/** What evicts it. Only reads. Throws `evict-needs-istiod` and what `planEviction` throws. */
export async function planEvict(
  world: World,
  options: EvictOptions,
): Promise<Awaited<ReturnType<typeof planEviction>> & { readonly kube: Kubernetes }> {
  const { kube, query } = await queryOf(world, options);
  return { kube, ...(await planEviction(kube, query)) };
}

/** What readmits it. Only reads. Throws `evict-needs-istiod` and what `planReturn` throws. */
export async function planLift(
  world: World,
  options: EvictOptions,
): Promise<Awaited<ReturnType<typeof planReturn>> & { readonly kube: Kubernetes }> {
  const { kube, query } = await queryOf(world, options);
  return { kube, ...(await planReturn(kube, query)) };
}

async function queryOf(world: World, { cluster, target, acceptShared, ...typed }: EvictOptions) {
  const { kube, namespace, facts: known } = await openCluster(world, cluster, typed.namespace, { ofVm: true });
  const facts = await gatherClusterFacts(kube, { ...known, namespace, skip: ['addresses', 'serviceRange'] });
  const place = clusterGeneration(facts.generation).evictionPlace(kube, facts);
  return { kube, query: { namespace, target, ...place, acceptShared, signal: world.signal } };
}

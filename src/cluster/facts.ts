import type { ClusterFacts } from '../mesh/cluster-facts.ts';
import { clusterProblems } from '../problems/cluster.ts';
import { gatherClassicFacts } from './classic-facts.ts';
import { gatherCurrentFacts, readAhead } from './current-facts.ts';
import type { FactsOptions } from './facts-options.ts';
import type { Kubernetes } from './kubernetes.ts';
import { readOnce } from './read-once.ts';
import { configMapRef, revisionSuffix, serviceRef } from './refs.ts';
import { byRevision } from './revision-tag.ts';

export type { FactsOptions } from './facts-options.ts';

/**
 * All that meshx needs to know about a cluster. Reads a fixed number of objects by name, however many Services there are.
 * Throws `istio-not-found`, and what the two generations throw.
 */
export function gatherClusterFacts(kube: Kubernetes, options: FactsOptions): Promise<ClusterFacts> {
  return byRevision(kube, options, (resolved) => gather(kube, resolved));
}

async function gather(kube: Kubernetes, options: FactsOptions): Promise<ClusterFacts> {
  const once = readOnce(kube);
  // Most clusters are current ones: theirs is one layer of requests in place of two.
  if (options.release === undefined) readAhead(once, options);
  const generation = await generationOf(once, options);
  if (generation === 'classic') return gatherClassicFacts(kube, options);
  return gatherCurrentFacts(kube, options, once);
}

/**
 * Which generation's control plane runs in the namespace. Both have a ConfigMap `istio`, so the Services decide; a
 * cluster whose istiod is elsewhere has that ConfigMap only. Throws `istio-not-found`.
 */
export function detectGeneration(kube: Kubernetes, options: FactsOptions): Promise<'current' | 'classic'> {
  return byRevision(kube, options, (resolved) => generationOf(kube, resolved));
}

/** The same for a revision that is no tag. */
export async function generationOf(kube: Kubernetes, options: FactsOptions): Promise<'current' | 'classic'> {
  if (options.release !== undefined) return 'classic';
  const suffix = revisionSuffix(options.revision);
  const istiodRef = serviceRef(options.istioNamespace, `istiod${suffix}`);
  const istiod = await kube.get(istiodRef, options.signal);
  if (istiod !== undefined) return 'current';
  const looked = [
    serviceRef(options.istioNamespace, 'istio-pilot'),
    serviceRef(options.istioNamespace, 'istio-pilot-ilb'),
    configMapRef(options.istioNamespace, `istio${suffix}`),
  ];
  const found = await Promise.all(looked.map((ref) => kube.get(ref, options.signal)));
  const [pilot, pilotBalancer, meshConfig] = found;
  if (pilot !== undefined || pilotBalancer !== undefined) return 'classic';
  if (meshConfig !== undefined) return 'current';
  throw clusterProblems.istioNotFound({
    cluster: kube.name,
    namespace: options.istioNamespace,
    looked: [istiodRef, ...looked].map((ref) => `${ref.kind} ${ref.name}`),
  });
}

import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import { readAhead } from './current-facts.ts';
import { generationOf } from './detect-generation.ts';
import type { FactsOptions } from './facts-options.ts';
import { clusterGeneration } from './generation.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { readOnce } from '../api/read-once.ts';
import { byRevision } from './revision-tag.ts';

export type { FactsOptions } from './facts-options.ts';

/**
 * Gathers all facts of a cluster. Reads a fixed number of objects by name, however many Services there are. Throws
 * `istio-not-found`, and the Problems of the generations.
 */
export function gatherClusterFacts(kube: Kubernetes, options: FactsOptions): Promise<ClusterFacts> {
  return byRevision(kube, options, (resolved) => gather(kube, resolved));
}

async function gather(kube: Kubernetes, options: FactsOptions): Promise<ClusterFacts> {
  const once = readOnce(kube);
  // Most clusters are current: this saves them one round trip.
  if (options.release === undefined) readAhead(once, options);
  return clusterGeneration(await generationOf(once, options)).facts(kube, options, once);
}

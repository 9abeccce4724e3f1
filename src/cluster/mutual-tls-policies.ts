import { type ClusterFacts, rootNamespaceOf } from '../mesh/cluster-facts.ts';
import { NETWORKING, SECURITY } from '../mesh/current/objects.ts';
import type { MtlsPolicies } from '../mesh/mutual-tls.ts';
import type { Kubernetes } from './kubernetes.ts';

/**
 * The policies that can speak about workloads of a namespace: its own and those of the root namespace. Read once for
 * all VMs of a run. A classic cluster has none of these kinds.
 */
export async function readPolicies(
  kube: Kubernetes,
  facts: ClusterFacts,
  { namespace, signal }: { readonly namespace: string; readonly signal: AbortSignal },
): Promise<MtlsPolicies | undefined> {
  if (facts.generation === 'classic') return undefined;
  const { clusterDomain } = facts;
  const rootNamespace = rootNamespaceOf(facts);
  const places = [...new Set([namespace, rootNamespace])];
  const read = async (apiVersion: string, kind: string) =>
    (await Promise.all(places.map((place) => kube.list({ apiVersion, kind, namespace: place }, signal)))).flat();
  const [peerAuthentications, destinationRules] = await Promise.all([
    read(SECURITY, 'PeerAuthentication'),
    read(NETWORKING, 'DestinationRule'),
  ]);
  return { peerAuthentications, destinationRules, rootNamespace, clusterDomain };
}

import { type CurrentFacts, rootNamespaceOf } from '../../mesh/cluster-facts.ts';
import { NETWORKING, SECURITY } from '../../mesh/current/objects.ts';
import type { MtlsPolicies } from '../../mesh/mutual-tls.ts';
import { present } from '../../present.ts';
import type { PolicyPlace } from './generation-record.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

/** The policies that apply to workloads of a namespace: its own and those of the root namespace. */
export async function readPolicies(
  kube: Kubernetes,
  facts: CurrentFacts,
  { namespace, signal }: PolicyPlace,
): Promise<MtlsPolicies> {
  const { clusterDomain, detectionMs } = facts;
  const rootNamespace = rootNamespaceOf(facts);
  const places = [...new Set([namespace, rootNamespace])];
  const read = async (apiVersion: string, kind: string) =>
    (await Promise.all(places.map((place) => kube.list({ apiVersion, kind, namespace: place }, signal)))).flat();
  const [peerAuthentications, destinationRules] = await Promise.all([
    read(SECURITY, 'PeerAuthentication'),
    read(NETWORKING, 'DestinationRule'),
  ]);
  return { peerAuthentications, destinationRules, rootNamespace, clusterDomain, ...present({ detectionMs }) };
}

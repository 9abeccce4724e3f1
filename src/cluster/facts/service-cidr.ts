import { parseCidrs } from '../../mesh/address.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { IMPOSSIBLE_CLUSTER_IP, parseServiceRange, serviceCidrsOf } from '../../mesh/service-cidr.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { ComputeEngine } from '../compute/google-compute.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

export interface ServiceRangeOptions {
  readonly serviceCidr?: string;
  readonly cluster?: string;
  readonly compute?: ComputeEngine;
  readonly signal?: AbortSignal;
}

/** The ranges of cluster IPs and their source, for people. */
export interface ServiceRange {
  readonly cidrs: readonly string[];
  readonly source: string;
}

/**
 * The range of the cluster's Services, from the first source that has it: the option, the ServiceCIDR objects
 * (Kubernetes 1.33 and later), the cluster's record at its cloud, the API server's refusal of an impossible cluster IP.
 * Throws `service-range-unknown` with the answer of each source.
 */
export async function findServiceRange(kube: Kubernetes, options: ServiceRangeOptions): Promise<ServiceRange> {
  if (options.serviceCidr !== undefined) {
    return { cidrs: parseCidrs(options.serviceCidr), source: 'the range that was given' };
  }
  const tried: string[] = [];
  for (const ask of [fromServiceCidrs, fromCloud, fromRefusal]) {
    const answer = await ask(kube, options);
    if (typeof answer !== 'string') return answer;
    tried.push(answer);
  }
  throw clusterProblems.serviceRangeUnknown({ cluster: kube.name, tried });
}

/** A range, or why there is none. */
type Answer = ServiceRange | string;

async function fromServiceCidrs(kube: Kubernetes, options: ServiceRangeOptions): Promise<Answer> {
  const query = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' };
  try {
    const cidrs = serviceCidrsOf(await kube.list(query, options.signal));
    return cidrs.length > 0
      ? { cidrs, source: `ServiceCIDR objects of ${kube.name}` }
      : `${kube.name} has no ServiceCIDR`;
  } catch (error) {
    // The operator may lack rights on the whole cluster. The next source needs none.
    if (error instanceof Problem && error.id === clusterProblems.forbidden.id) return error.message;
    throw error;
  }
}

async function fromCloud(_kube: Kubernetes, options: ServiceRangeOptions): Promise<Answer> {
  const { cluster, compute } = options;
  if (cluster === undefined) return 'no name of the cluster at its cloud was given';
  if (compute === undefined) return `there is no cloud to ask about cluster ${cluster}`;
  const cidrs = await compute.serviceRange(cluster, options.signal);
  if (cidrs.length === 0) return `the record of cluster ${cluster} has no service range`;
  return { cidrs, source: `the record of cluster ${cluster} in project ${compute.project}` };
}

/** Only sent as a dry run: nothing is stored. */
const IMPOSSIBLE: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'meshx-service-range', namespace: 'default' },
  spec: { clusterIP: IMPOSSIBLE_CLUSTER_IP, ports: [{ port: 443 }] },
};

async function fromRefusal(kube: Kubernetes, options: ServiceRangeOptions): Promise<Answer> {
  const text = await kube.refusal(IMPOSSIBLE, options.signal);
  if (text === undefined) return `${kube.name} does not refuse the cluster IP ${IMPOSSIBLE_CLUSTER_IP}`;
  const cidrs = parseServiceRange(text);
  return cidrs.length > 0
    ? { cidrs, source: `the API server of ${kube.name}, which refused ${IMPOSSIBLE_CLUSTER_IP}` }
    : `the API server of ${kube.name} names no range: ${text.slice(0, 200)}`;
}

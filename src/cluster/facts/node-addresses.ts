import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

/** All nodes. */
export function readNodes(kube: Kubernetes, signal?: AbortSignal): Promise<readonly KubeObject[]> {
  return kube.list({ apiVersion: 'v1', kind: 'Node' }, signal);
}

/** Internal addresses of ready nodes. Each of them answers on a NodePort. */
export function nodeAddresses(nodes: readonly KubeObject[]): readonly string[] {
  return nodes.filter(isReady).flatMap(internalAddresses);
}

function internalAddresses(node: KubeObject): readonly string[] {
  const addresses = list(mapping(node['status'])['addresses']).map(mapping);
  const internal = addresses.filter((each) => each['type'] === 'InternalIP').map((each) => text(each['address']));
  return internal.filter((address) => address !== undefined);
}

/** A node without conditions counts as ready: exports often omit them. */
function isReady(node: KubeObject): boolean {
  const conditions = list(mapping(node['status'])['conditions']).map(mapping);
  return conditions.every(({ type, status }) => type !== 'Ready' || status === 'True');
}

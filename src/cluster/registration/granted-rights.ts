import { AGENT_ANNOTATION } from '../../mesh/current/agent-annotations.ts';
import { agentRightsRef } from '../../mesh/current/agent-rights.ts';
import { madeByMeshx, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { mapping } from '../../mesh/unknown.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

/** The Role and the RoleBinding of a group's agents that meshx made. Those of a group without agents may not be readable. */
export async function grantedRights(
  kube: Kubernetes,
  group: KubeObject,
  signal?: AbortSignal,
): Promise<readonly ObjectRef[]> {
  if (!hasAgents(group)) return [];
  const { name, namespace = '' } = group.metadata;
  const refs = (['Role', 'RoleBinding'] as const).map((kind) => agentRightsRef(namespace, name, kind));
  const found = await Promise.all(refs.map((ref) => kube.get(ref, signal)));
  return refs.filter((_ref, index) => found[index] !== undefined && madeByMeshx(found[index]));
}

function hasAgents(group: KubeObject): boolean {
  return AGENT_ANNOTATION in mapping(mapping(mapping(group['spec'])['metadata'])['annotations']);
}

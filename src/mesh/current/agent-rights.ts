import { MANAGED_BY, type KubeObject, type ObjectRef } from '../kube-object.ts';
import { VIRTUAL_AGENT, VIRTUAL_GROUP, VIRTUAL_RESOURCE } from './agent-policy.ts';

/** What the agents of one WorkloadGroup may do, and as whom. */
export interface AgentGrant {
  readonly group: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Names of the WorkloadEntries that the agents report on: one for each VM of the group. */
  readonly entries: readonly string[];
}

/** The mesh's root certificates, which istiod writes into each namespace. */
export const ROOTS_CONFIG_MAP = 'istio-ca-root-cert';

const RBAC = 'rbac.authorization.k8s.io';

/**
 * Role and RoleBinding of the agents of a group: their own entries, their group, tokens of their own account, the mesh's roots, events,
 * and the virtual right that the policy asks about. Of no use to an intruder beyond what `agentPolicyObjects` allows.
 */
export function agentRightsObjects(grant: AgentGrant): readonly KubeObject[] {
  const { group, namespace, serviceAccount } = grant;
  const metadata = { name: `meshx-agent-${group}`, namespace, labels: MANAGED_BY };
  return [
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules: rules(grant) },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    },
  ];
}

/** The Role of the agents of a group; its RoleBinding has the same name. */
export function agentRightsRef(namespace: string, group: string, kind: 'Role' | 'RoleBinding' = 'Role'): ObjectRef {
  return { apiVersion: `${RBAC}/v1`, kind, namespace, name: `meshx-agent-${group}` };
}

interface Rule {
  readonly apiGroups: readonly [string];
  readonly resources: readonly [string];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

function rules({ group, serviceAccount, entries }: AgentGrant): readonly Rule[] {
  const istio = ['networking.istio.io'] as const;
  const names = [...entries].sort();
  return [
    { apiGroups: istio, resources: ['workloadentries'], resourceNames: names, verbs: ['get', 'patch', 'watch'] },
    { apiGroups: istio, resources: ['workloadgroups'], resourceNames: [group], verbs: ['get'] },
    { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: [serviceAccount], verbs: ['create'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [ROOTS_CONFIG_MAP], verbs: ['get'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
    {
      apiGroups: [VIRTUAL_GROUP],
      resources: [VIRTUAL_RESOURCE],
      resourceNames: [VIRTUAL_AGENT, ...names],
      verbs: ['report'],
    },
  ];
}

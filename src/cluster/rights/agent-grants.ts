import { AGENT_POLICY, VIRTUAL_GROUP, VIRTUAL_RESOURCE } from '../../mesh/current/agent-policy.ts';
import { ROOTS_CONFIG_MAP } from '../../mesh/current/agent-rights.ts';
import { APPLY, NETWORKING, readOnly, type Right, workload } from './right.ts';

const RBAC = 'rbac.authorization.k8s.io';
const AGENTS = 'without it, agents get no rights in the cluster';

/** Rights on the policy that limits agents, and on its binding. */
export const policyRights = (verbs: readonly string[]): readonly Right[] =>
  ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'].map((resource) => ({
    ...{ place: 'cluster' as const, group: 'admissionregistration.k8s.io', resource, verbs },
    ...{ names: [AGENT_POLICY], optional: AGENTS },
  }));

const agentRoles = (verbs: readonly string[]): readonly Right[] =>
  ['roles', 'rolebindings'].map((resource) => ({ ...workload(resource, verbs, RBAC), optional: AGENTS }));

/**
 * For the Role of an agent. Without `escalate` and `bind`, one may only grant rights that one has:
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
const GRANT: readonly Right[] = [
  ...policyRights(['get']),
  ...agentRoles(['get', ...APPLY, 'delete']),
  // For agents of a cluster whose kubeconfig names no certificate authority.
  { ...workload('configmaps', ['get']), names: ['kube-root-ca.crt', ROOTS_CONFIG_MAP], optional: AGENTS },
  ...[
    workload('workloadentries', ['get', 'patch', 'watch'], NETWORKING),
    workload('workloadgroups', ['get'], NETWORKING),
    workload('serviceaccounts/token', ['create']),
    workload('events', ['create'], 'events.k8s.io'),
    workload(VIRTUAL_RESOURCE, ['report'], VIRTUAL_GROUP),
  ].map((right) => ({ ...right, optional: AGENTS })),
];

const UNGRANT: readonly Right[] = agentRoles(['get', 'delete']);

const WITH_AGENTS: Readonly<Record<string, readonly Right[]>> = {
  ...Object.fromEntries(
    ['setup-vm', 'up', 'rejoin', 'adopt', 'apply', 'fleet apply', 'register'].map((command) => [command, GRANT]),
  ),
  ...Object.fromEntries(['fleet plan', 'fleet diff'].map((command) => [command, GRANT.flatMap(readOnly)])),
  ...Object.fromEntries(['down', 'evict', 'fleet remove'].map((command) => [command, UNGRANT])),
};

/** What agents add to the rights of a command. */
export function rightsOfAgents(command: string): readonly Right[] {
  return WITH_AGENTS[command] ?? [];
}

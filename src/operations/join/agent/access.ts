import type { ApiServer } from '../../../agent/settings.ts';
import type { Kubernetes } from '../../../cluster/api/kubernetes.ts';
import { isEmptyClusterPlan } from '../../../cluster/api/plan.ts';
import { planAgentPolicy } from '../../../cluster/rights/agent-policy.ts';
import { agentRightsRef } from '../../../mesh/current/agent-rights.ts';
import { list, mapping, text } from '../../../mesh/unknown.ts';
import { present } from '../../../present.ts';
import { Problem } from '../../../problems.ts';

/** How the agents of a group reach the API server. */
export interface AgentAccess {
  /** Tried in order. */
  readonly api: readonly ApiServer[];
  /** Names of the entries that the agents of the group report on. */
  readonly entries: readonly string[];
  /** `metadata.uid` of the agents' account; absent before it is made, and where it may not be read. */
  readonly accountUid?: string;
  /** The join makes the policy that limits agents, because the cluster does not have it yet. */
  readonly policy?: true;
}

/** The entry of one VM. */
interface AgentPlace {
  readonly namespace: string;
  readonly group: string;
  readonly account: string;
  readonly entry: string;
  readonly signal: AbortSignal;
}

/** The API server's name in every cluster, which VMs reach through the sidecar. */
const IN_CLUSTER = 'https://kubernetes.default.svc';
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/**
 * What the agent of a VM gets to write to its entry; undefined if the cluster does not limit agents and the operator may not make it do
 * so, or if there is no address for agents. Only reads.
 */
export async function agentAccess(kube: Kubernetes, place: AgentPlace): Promise<AgentAccess | undefined> {
  const { namespace, group, account, entry, signal } = place;
  if (!kube.live || !kube.apiServer) return undefined;
  const { plan, missing } = await planAgentPolicy(kube, signal);
  if (missing !== undefined) return undefined;
  const { server, ca = await rootCertificate(kube, place) } = await kube.apiServer();
  if (ca === undefined) return undefined;
  const [role, owner] = await Promise.all(
    [agentRightsRef(namespace, group), { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: account }].map(
      (ref) => readable(kube.get(ref, signal)),
    ),
  );
  const known = list(role?.['rules'])
    .map(mapping)
    .find((rule) => list(rule['resources']).includes('workloadentries'));
  const entries = [...list(known?.['resourceNames']).flatMap((name) => text(name) ?? []), entry];
  const isOwn = server.protocol === 'https:' && server.pathname === '/' && !LOOPBACK.test(server.hostname);
  const servers = [IN_CLUSTER, ...(isOwn ? [server.origin] : [])];
  const api = servers.map((each) => ({ server: each, ca }));
  const accountUid = text(owner?.metadata['uid']);
  const access = { api, entries: [...new Set(entries)].sort(), ...present({ accountUid }) };
  return isEmptyClusterPlan(plan) ? access : { ...access, policy: true };
}

/** The certificate authority that Kubernetes puts into every namespace. */
async function rootCertificate(kube: Kubernetes, { namespace, signal }: AgentPlace): Promise<string | undefined> {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'kube-root-ca.crt' };
  return text(mapping((await readable(kube.get(ref, signal)))?.['data'])['ca.crt']);
}

/** What may not be read counts as missing. */
async function readable<Value>(reading: Promise<Value | undefined>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

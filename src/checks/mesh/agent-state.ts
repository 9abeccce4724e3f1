import { tryJson } from '../../documents/json.ts';
import { AGENT_STATE_PREFIX } from '../../mesh/current/agent-annotations.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';

/** What the agent of an entry's VM says of a service; empty without an agent. */
export interface AgentState {
  readonly state: string | undefined;
  readonly reason: string | undefined;
  /** ISO 8601. */
  readonly since: string | undefined;
}

export function agentState(entry: KubeObject, service: string): AgentState {
  const said = mapping(tryJson(entry.metadata.annotations?.[`${AGENT_STATE_PREFIX}${service}`] ?? ''));
  return { state: text(said['state']), reason: text(said['reason']), since: text(said['since']) };
}

/** How an agent gives the reason of a drain that a person asked for. It also drains a service whose unit stops. */
const ON_REQUEST = 'drained on request';

/** Whether a person has asked the agent to take the service out of rotation. */
export function isDrainedByAgent(entry: KubeObject, service: string): boolean {
  const { state, reason } = agentState(entry, service);
  return (state === 'draining' || state === 'drained') && reason?.startsWith(ON_REQUEST) === true;
}

import type { ReadinessProbe, Workload } from '../workload.ts';
import { mapping } from '../unknown.ts';

/** Port of the agent's health endpoint, on the loopback address of the VM. */
export const AGENT_HEALTH_PORT = 15_099;

/**
 * The readiness probe of a VM with an agent: an agent that is dead or stuck is seen within ten seconds. pilot-agent asks at once when it
 * starts, too early for Envoy, and then after a period; with a delay its first question comes after one second.
 */
const AGENT_PROBE: ReadinessProbe = {
  httpGet: { host: '127.0.0.1', path: '/health', port: AGENT_HEALTH_PORT },
  ...{ initialDelaySeconds: 1, periodSeconds: 2, timeoutSeconds: 2, successThreshold: 1, failureThreshold: 5 },
};

/** The workload of a VM whose agent has this generation: the sidecar asks the agent. */
export function withAgent(workload: Workload, agent: number): Workload {
  return { ...workload, agent, probe: AGENT_PROBE };
}

/** The workload of a VM without an agent, whose sidecar asks none. */
export function withoutAgent(workload: Workload): Workload {
  const { agent: _agent, probe, ...rest } = workload;
  const asksAgent = mapping(mapping(probe)['httpGet'])['port'] === AGENT_HEALTH_PORT;
  return probe === undefined || asksAgent ? rest : { ...rest, probe };
}

import { meshProblems } from '../../problems/mesh.ts';
import { portNumbers } from '../service-port.ts';
import type { MeshService, Workload } from '../workload.ts';

/** SSH, Envoy's Prometheus page, Envoy's readiness page: istioctl's list, in its order. */
const ALWAYS_EXCLUDED = [22, 15090, 15021] as const;
const AGENT_STATUS = 15020;

/** Ports that Envoy and the agent listen on. An application there breaks the proxy. */
export const PROXY_PORTS: ReadonlySet<number> = new Set([
  15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090,
]);

/**
 * ISTIO_LOCAL_EXCLUDE_PORTS, which are never captured: port 22, the proxy's ports, and those of this machine's sshd.
 */
export function excludedPorts(sshPorts: readonly number[], statusPort: number | undefined): readonly number[] {
  const more = [...sshPorts].sort((a, b) => a - b);
  return [...new Set([...ALWAYS_EXCLUDED, statusPort || AGENT_STATUS, ...more])];
}

/**
 * ISTIO_INBOUND_PORTS: the ports of all services, sorted, or "*" without any, as in Istio. A missing port would receive
 * raw TLS. An SSH port would lock the operator out. Throws `port-never-captured`.
 */
export function inboundPorts(
  workload: Pick<Workload, 'group' | 'services' | 'ports'>,
  excluded: readonly number[],
): string {
  const { group, services, ports = {} } = workload;
  const others = Object.entries(ports).map(([name, number]) => ({ name, number }));
  const all = [...services, { name: group, ports: others }];
  refuseOwnPorts(all, excluded);
  return portNumbers(all).join(',') || '*';
}

/** Refuses services on ports of the proxy or of this machine's sshd. Throws `port-never-captured`. */
function refuseOwnPorts(services: readonly MeshService[], excluded: readonly number[]): void {
  for (const { name, ports } of services) for (const { number } of ports) refuseOwnPort(name, number, excluded);
}

function refuseOwnPort(service: string, port: number, excluded: readonly number[]): void {
  if (PROXY_PORTS.has(port))
    throw meshProblems.portNeverCaptured({ port, service, why: "it is one of the proxy's own" });
  if (excluded.includes(port)) throw meshProblems.portNeverCaptured({ port, service, why: 'SSH to the VM uses it' });
}

import { type KubeObject, MANAGED_BY } from '../kube-object.ts';
import { portNumbers } from '../service-port.ts';
import type { Workload } from '../workload.ts';
import { VM_LABEL } from '../workload-labels.ts';
import { SECURITY } from './objects.ts';

/** On the group: ports that require mutual TLS by a policy of meshx, as `3306,5432`. The next join keeps them, and `down` finds the policy. */
export const STRICT_ANNOTATION = 'meshx.dev/strict-ports';

/** The ports of an annotation; others than whole numbers are ignored. */
function strictPortsOf({ annotations }: Workload): readonly number[] {
  const words = annotations?.[STRICT_ANNOTATION]?.split(',') ?? [];
  return words.filter((word) => /^\d{1,5}$/.test(word)).map(Number);
}

/** The workload with these ports, besides those that it has. */
export function withStrictPorts(workload: Workload, ports: readonly number[]): Workload {
  if (ports.length === 0) return workload;
  const all = [...new Set([...strictPortsOf(workload), ...ports])].sort((a, b) => a - b);
  return { ...workload, annotations: { ...workload.annotations, [STRICT_ANNOTATION]: all.join(',') } };
}

/** The name of the policy of a group. */
export function strictPolicyName(group: string): string {
  return `meshx-${group}`.slice(0, 253);
}

/** The policy that requires mutual TLS on these ports, of this group's VMs alone. None without such a port of its services. */
export function strictPolicyObjects(workload: Workload): readonly KubeObject[] {
  const { group, namespace, services } = workload;
  const numbers = portNumbers(services);
  const ports = strictPortsOf(workload).filter((port) => numbers.includes(port));
  if (ports.length === 0) return [];
  return [
    {
      apiVersion: SECURITY,
      kind: 'PeerAuthentication',
      metadata: { name: strictPolicyName(group), namespace, labels: MANAGED_BY },
      spec: {
        selector: { matchLabels: { [VM_LABEL]: group } },
        portLevelMtls: Object.fromEntries(ports.map((port) => [String(port), { mode: 'STRICT' }])),
      },
    },
  ];
}

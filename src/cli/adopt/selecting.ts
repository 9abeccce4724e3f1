import { automaticGroup, entryAddress, entryLabels, listEntries } from '../../cluster/entries.ts';
import type { Kubernetes } from '../../cluster/kubernetes.ts';
import { type BalancerPort, reachOf } from '../../cluster/load-balancer.ts';
import { groupLabels } from '../../mesh/current/group.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import { formatServicePort } from '../../mesh/service-port.ts';

/** Whose services are looked for. */
export interface Member {
  readonly namespace: string;
  readonly group: string;
  /** The address under which its sidecar is known. */
  readonly address: string | undefined;
  /** What its sidecar says of itself, for a cluster that has neither entry nor group. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The cluster's view of a VM that was joined by hand. */
export interface Selecting {
  /** As `--service` takes them: `web:http:8080`. */
  readonly services: readonly string[];
  /** Whether the WorkloadGroup is there. */
  readonly hasGroup: boolean;
}

/** Which Services of the namespace select the VM's entry, with the ports that it is reached on. Only reads. */
export async function selectingServices(kube: Kubernetes, member: Member, signal: AbortSignal): Promise<Selecting> {
  const { namespace, group: name, address } = member;
  const [group, entries, services] = await Promise.all([
    kube.get({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name }, signal),
    listEntries(kube, namespace, signal),
    kube.list({ apiVersion: 'v1', kind: 'Service', namespace }, signal),
  ]);
  const entry = entries.find((each) => automaticGroup(each) === name && entryAddress(each) === address);
  const labels = entry ? entryLabels(entry) : group ? groupLabels(group) : member.labels;
  const found = services.filter((service) => {
    const selector = Object.entries(reachOf(service).selector);
    return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
  });
  const words = found.flatMap((service) =>
    reachOf(service).ports.flatMap((port) => serviceWord(service.metadata.name, port)),
  );
  return { services: words, hasGroup: group !== undefined };
}

/** A port by name is that of the machine only when its own name says the number; the Service's port is what clients use. */
function serviceWord(service: string, { name, port, targetPort, protocol }: BalancerPort): readonly string[] {
  if (protocol !== 'TCP') return [];
  const number = typeof targetPort === 'number' ? targetPort : port;
  return [`${service}:${formatServicePort({ number, name: name || String(number) })}`];
}

import { automaticGroup, entryAddress, entryLabels, listEntries } from '../../cluster/registration/entries.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { reachOf } from '../../cluster/facts/load-balancer.ts';
import { groupLabels } from '../../mesh/current/group.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import type { MeshService } from '../../mesh/workload.ts';

/** The VM whose services are looked up. */
export interface Member {
  readonly namespace: string;
  readonly group: string;
  /** The address of its sidecar in the mesh. */
  readonly address: string | undefined;
  /** The sidecar's own values, for a cluster without its entry and group. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The cluster's view of a VM that was joined by hand. */
export interface Selecting {
  readonly services: readonly MeshService[];
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
  const ofVm = found.map((service) => ({ name: service.metadata.name, ports: portsOfVm(service) }));
  return { services: ofVm.filter(({ ports }) => ports.length > 0), hasGroup: group !== undefined };
}

/** A named port is that of the machine only if its name contains the number. Clients use the Service's port. */
function portsOfVm(service: KubeObject): readonly ServicePort[] {
  return reachOf(service).ports.flatMap(({ name, port, targetPort, protocol }) => {
    if (protocol !== 'TCP') return [];
    const number = typeof targetPort === 'number' ? targetPort : port;
    return [{ number, name: name || String(number) }];
  });
}

import { automaticEntryName } from '../entry-name.ts';
import type { KubeObject } from '../kube-object.ts';
import { MANAGED_BY } from '../kube-object.ts';
import { unredirected } from '../probe.ts';
import { portMeaning } from '../protocol.ts';
import type { ServicePort } from '../service-port.ts';
import type { MeshService, Workload } from '../workload.ts';
import { AGENT_ANNOTATION, PORTS_ANNOTATION } from './agent-annotations.ts';
import { formatEntryPorts } from './entry-ports.ts';
import {
  entryPortName,
  formatPorts,
  portMap,
  serviceKey,
  serviceSelector,
  VM_LABEL,
  workloadLabels,
} from '../workload-labels.ts';

/** Versions of Istio's API that every supported release stores. */
export const SECURITY = 'security.istio.io/v1';
export const NETWORKING = 'networking.istio.io/v1';

export function namespaceObject(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: MANAGED_BY } };
}

export function serviceAccountObject(namespace: string, name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels: MANAGED_BY } };
}

/** How a Service names the ports of the entries behind it. */
export type TargetForm = 'named' | 'numeric';

/**
 * The Service of a mesh service. It selects the VMs that are members of the service, and asks for their ports by name: an
 * entry without the port is no endpoint.
 */
export function serviceObject(namespace: string, service: MeshService, form: TargetForm = 'named'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service.name, namespace, labels: MANAGED_BY },
    spec: { ports: service.ports.map((port) => servicePortSpec(port, form)), selector: serviceSelector(service.name) },
  };
}

/**
 * The group of one VM, from which istiod creates its entry. Each service is a label of the entry. The group's
 * annotation of the same key holds its ports, so the group alone records what is registered.
 */
export function workloadGroupObject(workload: Workload): KubeObject {
  const { group: name, namespace, services, annotations, probe } = workload;
  const ports = Object.fromEntries(services.map((service) => [serviceKey(service.name), formatPorts(service.ports)]));
  return {
    apiVersion: NETWORKING,
    kind: 'WorkloadGroup',
    metadata: { name, namespace, labels: MANAGED_BY, annotations: { ...annotations, ...ports } },
    spec: {
      metadata: { labels: workloadLabels(workload), ...entryAnnotations(workload) },
      template: template(workload),
      ...(probe && { probe: unredirected(probe) }),
    },
  };
}

/**
 * istiod assumes a sidecar behind an entry with a service account, and clients then use TLS
 * (getTLSModeFromWorkloadEntry of Istio's service registry). Without a sidecar they would fail.
 */
const NO_SIDECAR = { 'security.istio.io/tlsMode': 'disabled' } as const;

/**
 * The entry of a machine without a sidecar of meshx. It stays until it is deregistered. The label
 * `security.istio.io/tlsMode=istio` marks a machine with another sidecar. Its name differs from every name of istiod,
 * which would treat an entry of such a name as a reconnected VM and delete it later.
 */
export function fixedEntryObject(workload: Workload, address: string): KubeObject {
  const { group, namespace, annotations } = workload;
  const name = automaticEntryName({ group: `${group}-at`, address });
  const all = { ...NO_SIDECAR, ...workloadLabels(workload) };
  const labels = Object.fromEntries(Object.entries(all).filter(([key]) => key !== VM_LABEL));
  return {
    apiVersion: NETWORKING,
    kind: 'WorkloadEntry',
    metadata: {
      name,
      namespace,
      labels: MANAGED_BY,
      annotations: { ...annotations, ...entryAnnotations(workload).annotations },
    },
    spec: { address, labels, ...template(workload) },
  };
}

/** Annotations that istiod copies from the group to its entries. */
function entryAnnotations(workload: Workload) {
  const ports = formatEntryPorts(portMap(workload));
  const annotations = {
    ...(ports !== '' && { [PORTS_ANNOTATION]: ports }),
    ...(workload.agent !== undefined && { [AGENT_ANNOTATION]: String(workload.agent) }),
  };
  return Object.keys(annotations).length > 0 ? { annotations } : {};
}

function template(workload: Workload): Readonly<Record<string, unknown>> {
  const { network, locality, weight, serviceAccount } = workload;
  const ports = portMap(workload);
  return {
    ...(Object.keys(ports).length > 0 && { ports }),
    serviceAccount,
    ...(network && { network }),
    ...(locality && { locality }),
    ...(weight && { weight }),
  };
}

/**
 * Declares TCP if the name gives no protocol. Istio would otherwise wait for the client's first bytes to detect one.
 */
function servicePortSpec(port: ServicePort, form: TargetForm): Readonly<Record<string, unknown>> {
  const { declared } = portMeaning(port);
  const { name, number } = port;
  const targetPort = form === 'named' ? entryPortName(port) : number;
  return { name, port: number, protocol: 'TCP', targetPort, ...(!declared && { appProtocol: 'tcp' }) };
}

import type { KubeObject } from '../kube-object.ts';
import { MANAGED_BY } from '../kube-object.ts';
import { sidecarProtocol } from '../protocol.ts';
import type { ServicePort } from '../service-port.ts';
import { list, mapping } from '../unknown.ts';
import type { Workload } from '../workload.ts';
import { VM_LABEL } from '../workload-labels.ts';
import { NETWORKING } from './objects.ts';

export interface SidecarOptions {
  /** Ports whose application listens only on 127.0.0.1. It then sees the whole mesh as local. */
  readonly loopbackPorts?: readonly number[];
  /** The Sidecar that governs the VM's namespace today. The new one replaces it for this VM and copies its egress. */
  readonly inherits?: KubeObject;
}

/**
 * The Sidecar of one VM, with an inbound listener per port: a second Service that selects an automatic entry gets no
 * listener otherwise. Empty without ports, because Istio refuses an empty Sidecar.
 */
export function sidecarObjects(workload: Workload, options: SidecarOptions): readonly KubeObject[] {
  const ingress = portsOnce(workload).map((port) => listener(port, options.loopbackPorts ?? []));
  const inherited = inheritedSpec(options.inherits);
  if (ingress.length === 0) return [];
  const workloadSelector = { labels: { [VM_LABEL]: workload.group } };
  const metadata = { name: sidecarName(workload.group), namespace: workload.namespace, labels: MANAGED_BY };
  return [{ apiVersion: NETWORKING, kind: 'Sidecar', metadata, spec: { workloadSelector, ingress, ...inherited } }];
}

/** Name of the Sidecar of one VM. */
export function sidecarName(group: string): string {
  return `meshx-${group}`.slice(0, 253);
}

/**
 * The Sidecar that governs a VM without its own: the oldest one without a selector in the namespace, else in the root
 * namespace.
 */
export function governingSidecar(sidecars: readonly KubeObject[], namespace: string, rootNamespace: string) {
  const general = sidecars.filter((one) => mapping(one['spec'])['workloadSelector'] === undefined);
  const oldestIn = (place: string) =>
    [...general]
      .filter(({ metadata }) => metadata.namespace === place)
      .sort((a, b) => sortKey(a).localeCompare(sortKey(b)))[0];
  return oldestIn(namespace) ?? oldestIn(rootNamespace);
}

function inheritedSpec(sidecar: KubeObject | undefined): Readonly<Record<string, unknown>> {
  const { egress, outboundTrafficPolicy } = mapping(sidecar?.['spec']);
  return {
    ...(list(egress).length > 0 && { egress }),
    ...(outboundTrafficPolicy !== undefined && { outboundTrafficPolicy }),
  };
}

function listener(port: ServicePort, loopbackPorts: readonly number[]): Readonly<Record<string, unknown>> {
  const { number, name } = port;
  const loopback = loopbackPorts.includes(number) && { defaultEndpoint: `127.0.0.1:${number}` };
  return { port: { number, protocol: sidecarProtocol(port), name }, ...loopback };
}

/** Two services may share a port of the VM; Istio accepts each number once. */
function portsOnce(workload: Workload): readonly ServicePort[] {
  const ports = workload.services.flatMap((service) => service.ports);
  const first = ports.filter((port, index) => ports.findIndex(({ number }) => number === port.number) === index);
  return first.sort((a, b) => a.number - b.number);
}

function sortKey(object: KubeObject): string {
  return `${object.metadata.creationTimestamp ?? ''} ${object.metadata.name}`;
}

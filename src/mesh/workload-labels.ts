import type { ServicePort } from './service-port.ts';
import { formatServicePort } from './service-port.ts';
import type { Workload } from './workload.ts';

/**
 * Makes ambient clients use HBONE. Without it, before istiod 1.29.6 and 1.30.3, ztunnel sends a VM's traffic in
 * plaintext. It is read only from the entry's metadata.
 */
export const TUNNEL_LABEL = 'networking.istio.io/tunnel';
export const TUNNEL = 'http';

/**
 * A Service selects the entries with `service.meshx.dev/NAME: ready`. With any other value the VM is out of rotation.
 */
export const SERVICE_LABEL_PREFIX = 'service.meshx.dev/';
export const READY = 'ready';
/** The value of a VM that accepts no new connections, because it leaves or restarts. */
export const DRAINING = 'draining';

/** The Sidecar resource of a VM selects its proxy by this label. */
export const VM_LABEL = 'meshx.dev/vm';

/** Istio's own default, so that the label changes nothing in metrics. */
const DEFAULT_VERSION = 'latest';

/** The key of the label (value READY) and of the annotation (value: its ports) of one service. */
export function serviceKey(service: string): string {
  return `${SERVICE_LABEL_PREFIX}${service}`;
}

/** What a Service of meshx selects. */
export function serviceSelector(service: string): Readonly<Record<string, string>> {
  return { [serviceKey(service)]: READY };
}

/**
 * All labels of the workload: `app` and `version` by default (metrics group by them), its own, the VM's and one per
 * service. The group and the proxy's metadata have the same ones, so that policies and selectors agree.
 */
export function workloadLabels(workload: Workload): Readonly<Record<string, string>> {
  const { group, labels, foreignGroup } = workload;
  return {
    ...(foreignGroup ? {} : { app: group, version: DEFAULT_VERSION }),
    ...labels,
    ...(foreignGroup ? {} : { [VM_LABEL]: group }),
    ...Object.fromEntries(workload.services.map(({ name }) => [serviceKey(name), READY])),
  };
}

/** The mirror of workloadLabels: only the given labels. */
export function ownLabels(labels: Readonly<Record<string, string>>, group: string): Readonly<Record<string, string>> {
  const added: Readonly<Record<string, string>> = { app: group, version: DEFAULT_VERSION, [VM_LABEL]: group };
  const entries = Object.entries(withoutServices(labels));
  return Object.fromEntries(entries.filter(([key, value]) => added[key] !== value));
}

/** Labels without those of services. */
export function withoutServices(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !key.startsWith(SERVICE_LABEL_PREFIX)));
}

/** The services in labels, in any state, sorted by name. */
export function servicesNamed(labels: Readonly<Record<string, string>>): readonly string[] {
  const keys = Object.keys(labels).filter((key) => key.startsWith(SERVICE_LABEL_PREFIX));
  return keys.map((key) => key.slice(SERVICE_LABEL_PREFIX.length)).sort();
}

/**
 * Ports of all services for the group and the proxy's metadata, named `mysql-3306`. istiod prefers the entry's port of
 * the same name to the Service's targetPort, and never updates the ports of an existing entry. A plain `http` would
 * send the traffic of every other http service to the first one's port.
 */
export function portMap(workload: Pick<Workload, 'services' | 'ports'>): Readonly<Record<string, number>> {
  const ports = workload.services.flatMap((service) => service.ports);
  const named = ports.map((port) => [entryPortName(port), port.number] as const);
  return Object.fromEntries([...Object.entries(workload.ports ?? {}), ...named].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Ports in the form of the group's annotation, which parseServicePort reads. */
export function formatPorts(ports: readonly ServicePort[]): string {
  return ports.map(formatServicePort).join(',');
}

/**
 * The name of a service's port in every entry, and the targetPort of its Service: `mysql-3306`. It depends on the port alone, so all VMs
 * of a service agree. A name that Kubernetes would refuse is shortened. Names of ports with different numbers always differ.
 */
export function entryPortName({ name, number }: ServicePort): string {
  const tail = `-${number}`;
  const short = name
    .replaceAll(/-+/g, '-')
    .slice(0, LONGEST_TARGET - tail.length)
    .replace(/-$/, '');
  return `${/[a-z]/.test(short) ? short : 'port'}${tail}`;
}

/** The API server limits a named targetPort to 15 characters, with a letter and without `--` (IsValidPortName). */
const LONGEST_TARGET = 15;

import type { ServicePort } from './service-port.ts';
import { formatServicePort } from './service-port.ts';
import type { Workload } from './workload.ts';

/**
 * Tells ambient clients to reach the workload by HBONE. Without it ztunnel clients of istiod before 1.29.6 and 1.30.3 send a
 * VM's traffic in plaintext. They read it in the metadata of the entry only.
 */
export const TUNNEL_LABEL = 'networking.istio.io/tunnel';
export const TUNNEL = 'http';

/** A Service selects the entries that carry `service.meshx.dev/NAME: ready`; any other word takes the VM out of it. */
export const SERVICE_LABEL_PREFIX = 'service.meshx.dev/';
export const READY = 'ready';
/** The word of a VM that takes no new connections, as it leaves or restarts. */
export const DRAINING = 'draining';

/** The Sidecar resource of a VM selects its proxy by this label. */
export const VM_LABEL = 'meshx.dev/vm';

/** Istio's own word for a workload without a version, so that the label changes nothing in metrics. */
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
 * All labels of the workload: `app` and `version` by default (Istio's rule, and what metrics group by), its own, the VM's
 * and one per service. The group's template and the proxy's metadata carry the same, so that policies and selectors agree.
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

/** The mirror of workloadLabels: the labels that someone gave. */
export function ownLabels(labels: Readonly<Record<string, string>>, group: string): Readonly<Record<string, string>> {
  const added: Readonly<Record<string, string>> = { app: group, version: DEFAULT_VERSION, [VM_LABEL]: group };
  const entries = Object.entries(withoutServices(labels));
  return Object.fromEntries(entries.filter(([key, value]) => added[key] !== value));
}

/** A set of labels without those of services. */
export function withoutServices(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !key.startsWith(SERVICE_LABEL_PREFIX)));
}

/** The services that a set of labels names, whatever their state, in alphabetical order. */
export function servicesNamed(labels: Readonly<Record<string, string>>): readonly string[] {
  const keys = Object.keys(labels).filter((key) => key.startsWith(SERVICE_LABEL_PREFIX));
  return keys.map((key) => key.slice(SERVICE_LABEL_PREFIX.length)).sort();
}

/**
 * Ports of all services, for the template of the group and the proxy's metadata: `mysql-3306`. istiod prefers the entry's
 * port of the same name to the Service's targetPort, and it never updates the ports of an entry that is there: a plain
 * `http` would send the traffic of every further http service to the first one's port.
 */
export function portMap(workload: Pick<Workload, 'services' | 'ports'>): Readonly<Record<string, number>> {
  const ports = workload.services.flatMap((service) => service.ports);
  const named = ports.map((port) => [entryPortName(port, ports), port.number] as const);
  return Object.fromEntries([...Object.entries(workload.ports ?? {}), ...named].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Ports as they are kept in the group's annotation; parseServicePort reads each of them. */
export function formatPorts(ports: readonly ServicePort[]): string {
  return ports.map(formatServicePort).join(',');
}

/** A name of at most 63 characters (a DNS label) that no port of another number has. */
function entryPortName({ name, number }: ServicePort, ports: readonly ServicePort[]): string {
  for (let mark = ''; ; mark += 'x') {
    const tail = `-${number}${mark}`;
    const unique = `${name.slice(0, 63 - tail.length)}${tail}`;
    if (ports.every((other) => other.name !== unique || other.number === number)) return unique;
  }
}

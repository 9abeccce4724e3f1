import { reachOf } from '../../cluster/facts/load-balancer.ts';
import { automaticGroup } from '../../cluster/registration/entries.ts';
import { entryPorts } from '../../mesh/current/entry-ports.ts';
import { type KubeObject, refOf, showRef } from '../../mesh/kube-object.ts';
import { list, mapping, text, textMapping } from '../../mesh/unknown.ts';

/** `Service vm/mysqldb`. */
export function nameOf(object: KubeObject): string {
  return showRef(refOf(object));
}

/** One port of a Service. */
export interface PortOfService {
  readonly number: number;
  /** Empty if it has none. */
  readonly name: string;
  /** TCP, UDP or SCTP. */
  readonly transport: string;
  readonly appProtocol?: string;
  /** Number or name of the port of an endpoint. */
  readonly target: number | string;
}

export function portsOf(service: KubeObject): readonly PortOfService[] {
  const protocols = list(mapping(service['spec'])['ports']).map((port) => text(mapping(port)['appProtocol']));
  return reachOf(service).ports.map(({ name, port, protocol, targetPort }, index) => {
    const appProtocol = protocols[index];
    const target = targetPort ?? port;
    return { number: port, name, transport: protocol, target, ...(appProtocol !== undefined && { appProtocol }) };
  });
}

/**
 * The number to which a port of a Service leads on an entry: istiod prefers the entry's port of the Service port's name, then that of the
 * target's name. Undefined if the entry has no such port.
 */
export function numberOn(entry: KubeObject, { name, target }: PortOfService): number | undefined {
  const ports = entryPorts(entry);
  return ports[name] ?? (typeof target === 'number' ? target : ports[target]);
}

export function selectorOf(service: KubeObject): Readonly<Record<string, string>> {
  return textMapping(reachOf(service).selector);
}

/** The group of this name in the list. */
export function groupOfEntry(entry: KubeObject, groups: readonly KubeObject[]): KubeObject | undefined {
  const name = automaticGroup(entry);
  return name === undefined ? undefined : groups.find(({ metadata }) => metadata.name === name);
}

/** The Deployment of the istiod that is checked. */
export function istiodIn(deployments: readonly KubeObject[], suffix: string): KubeObject | undefined {
  return deployments.find(({ metadata }) => metadata.name === `istiod${suffix}`);
}

/** All Deployments of istiod, of every revision. */
export function istiodsIn(deployments: readonly KubeObject[]): readonly KubeObject[] {
  return deployments.filter(
    ({ metadata }) => metadata.labels?.['app'] === 'istiod' || /^istiod(-[a-z0-9-]+)?$/.test(metadata.name),
  );
}

/** A variable of a Deployment's containers, where it is given as text. */
export function variableOf(deployment: KubeObject | undefined, name: string): string | undefined {
  const template = mapping(mapping(deployment?.['spec'])['template']);
  const containers = list(mapping(template['spec'])['containers']).map(mapping);
  const found = containers.flatMap((container) => list(container['env'])).map(mapping);
  return text(found.find((variable) => variable['name'] === name)?.['value']);
}

/** Pods with these labels. */
export function podsWith(pods: readonly KubeObject[], labels: Readonly<Record<string, string>>): readonly KubeObject[] {
  const wanted = Object.entries(labels);
  if (wanted.length === 0) return [];
  return pods.filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value));
}

/** Whether a Service has an address that is ready. */
export function hasEndpoints(service: KubeObject, slices: readonly KubeObject[]): boolean {
  const own = slices.filter(
    ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name,
  );
  const endpoints = own.flatMap((slice) => list(slice['endpoints'])).map(mapping);
  return endpoints.some((endpoint) => mapping(endpoint['conditions'])['ready'] !== false);
}

/** Why a pod is not ready; undefined if it is ready. */
export function notReady(pod: KubeObject): string | undefined {
  const status = mapping(pod['status']);
  const conditions = list(status['conditions']).map(mapping);
  if (conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True')) return undefined;
  const containers = list(status['containerStatuses']).map(mapping);
  const waiting = containers.map((container) => text(mapping(mapping(container['state'])['waiting'])['reason']));
  return waiting.find((reason) => reason !== undefined) ?? text(status['phase']) ?? 'it reports no status';
}

/** The objects by a key. */
export function groupedBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

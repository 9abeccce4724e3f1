import type { EntryPorts } from '../../mesh/current/entry-ports.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { serviceKey } from '../../mesh/workload-labels.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { serviceRef } from '../api/refs.ts';
import { reachOf } from '../facts/load-balancer.ts';

/** The Services of these names that exist. */
export async function servicesNamedSo(
  kube: Kubernetes,
  names: readonly string[],
  { namespace, signal }: { readonly namespace: string; readonly signal?: AbortSignal | undefined },
): Promise<readonly KubeObject[]> {
  const found = await Promise.all(names.map((name) => kube.get(serviceRef(namespace, name), signal)));
  return found.filter((service) => service !== undefined);
}

/** Whether a Service selects meshx's label. One of another owner may select other labels. */
export function selectsLabel(service: KubeObject): boolean {
  return serviceKey(service.metadata.name) in reachOf(service).selector;
}

/**
 * Whether a Service that selects an entry with these ports has it as an endpoint: by number, or by a name that the entry
 * has. istiod makes no endpoint for a name that it lacks.
 */
export function leadsTo(service: KubeObject, ports: EntryPorts): boolean {
  return reachOf(service).ports.some(({ targetPort }) => typeof targetPort !== 'string' || targetPort in ports);
}

/** Names of entry ports that a Service asks for. */
export function targetNames(service: KubeObject): readonly string[] {
  return reachOf(service).ports.flatMap(({ targetPort }) => (typeof targetPort === 'string' ? [targetPort] : []));
}

/** An entry that Services will no longer select, with the ports that it has until then. */
interface Leaving {
  readonly keys: readonly string[];
  readonly ports: EntryPorts;
}

/** Label keys of the Services that would keep the entry as an endpoint. In a folder of manifests no istiod runs. */
export function keysToNudge(
  { live }: Pick<Kubernetes, 'live'>,
  services: readonly KubeObject[],
  { keys, ports }: Leaving,
): readonly string[] {
  if (!live) return [];
  const kept = services.filter((service) => selectsLabel(service) && leadsTo(service, ports));
  const keptKeys = kept.map(({ metadata }) => serviceKey(metadata.name));
  return keys.filter((key) => keptKeys.includes(key));
}

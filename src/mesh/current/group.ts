import { meshProblems } from '../../problems/mesh.ts';
import { madeByMeshx, type KubeObject } from '../kube-object.ts';
import { parseServicePort, portNumbers, type ServicePort } from '../service-port.ts';
import { list, mapping, text, textMapping } from '../unknown.ts';
import type { MeshService, Workload } from '../workload.ts';
import { AGENT_ANNOTATION, PORTS_ANNOTATION } from './agent-annotations.ts';
import {
  ownLabels,
  portMap,
  serviceKey,
  SERVICE_LABEL_PREFIX,
  servicesNamed,
  withoutServices,
} from '../workload-labels.ts';

/**
 * Reads a WorkloadGroup, the mirror of currentObjects, so that adding a service loses nothing. `services` are Services
 * of its namespace, for a group of another owner that does not hold the ports. Throws `workload-group-unreadable`,
 * `registered-ports-unknown`.
 */
export function workloadOf(group: KubeObject, services: readonly KubeObject[] = []): Workload {
  const { metadata } = group;
  const spec = mapping(group['spec']);
  const template = mapping(spec['template']);
  if (group.kind !== 'WorkloadGroup' || !metadata.namespace)
    throw meshProblems.notAGroup({ group: metadata.name, reason: 'it is no WorkloadGroup of a namespace' });
  const { network, locality, weight } = template;
  const own = madeByMeshx(group);
  const registered = servicesOf(group, services);
  const annotations = otherAnnotations(group);
  return {
    group: metadata.name,
    namespace: metadata.namespace,
    // An empty account means Kubernetes' default.
    serviceAccount: text(template['serviceAccount']) ?? 'default',
    labels: own ? ownLabels(groupLabels(group), metadata.name) : withoutServices(groupLabels(group)),
    services: registered,
    ...(own
      ? namedTargets(numbers(template['ports']), registered)
      : { foreignGroup: true as const, ports: numbers(template['ports']) }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(text(network) !== undefined && { network: text(network) ?? '' }),
    ...(text(locality) !== undefined && { locality: text(locality) ?? '' }),
    ...(typeof weight === 'number' && weight > 0 && { weight }),
    ...(spec['probe'] !== undefined && { probe: mapping(spec['probe']) }),
    ...agentOf(group),
  };
}

/** Whether Services must be read to know the ports of the group's services. */
export function needsServices(group: KubeObject): boolean {
  return servicesNamed(groupLabels(group)).some((name) => annotatedPorts(group, name) === undefined);
}

/** In a group of meshx: named target ports of other owners' Services. */
function namedTargets(
  ports: Readonly<Record<string, number>>,
  services: readonly MeshService[],
): Pick<Workload, 'ports'> {
  const own = portMap({ services });
  const used = portNumbers(services);
  // Former versions wrote names of any length.
  const former = services.flatMap((service) => service.ports.map(({ name, number }) => `${name}-${number}`));
  const others = Object.entries(ports).filter(([name]) => own[name] === undefined && !former.includes(name));
  const more = others.filter(([, number]) => used.includes(number));
  return more.length === 0 ? {} : { ports: Object.fromEntries(more) };
}

function numbers(ports: unknown): Readonly<Record<string, number>> {
  const entries = Object.entries(mapping(ports));
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

/** The services of a group with their ports, from its annotations or else from the Service of that name. */
export function servicesOf(group: KubeObject, services: readonly KubeObject[] = []): readonly MeshService[] {
  return servicesNamed(groupLabels(group)).map((name) => {
    const ports = annotatedPorts(group, name) ?? portsOfService(services.find((one) => one.metadata.name === name));
    if (!ports) throw meshProblems.portsUnknown({ group: group.metadata.name, service: name });
    return { name, ports };
  });
}

/** Adds a service to the workload, or replaces its ports. Keeps alphabetical order. */
export function withService(workload: Workload, service: MeshService): Workload {
  const others = workload.services.filter(({ name }) => name !== service.name);
  return { ...workload, services: [...others, service].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Removes a service from the workload. */
export function withoutService(workload: Workload, service: string): Workload {
  const services = workload.services.filter(({ name }) => name !== service);
  const { ports, ...rest } = workload;
  if (workload.foreignGroup) return { ...workload, services };
  return { ...rest, services, ...namedTargets(ports ?? {}, services) };
}

/** The labels that entries of a group get. */
export function groupLabels(group: KubeObject): Readonly<Record<string, string>> {
  const spec = mapping(group['spec']);
  // istiod merges the labels of spec.metadata over those of the template.
  return { ...textMapping(mapping(spec['template'])['labels']), ...textMapping(mapping(spec['metadata'])['labels']) };
}

/** The generation of the agents, which istiod copies to the entries. */
function agentOf(group: KubeObject): Pick<Workload, 'agent'> {
  const found = entryAnnotations(group)[AGENT_ANNOTATION];
  return found !== undefined && /^[1-9]\d{0,8}$/.test(found) ? { agent: Number(found) } : {};
}

function otherAnnotations(group: KubeObject): Readonly<Record<string, string>> {
  const all = {
    ...group.metadata.annotations,
    ...entryAnnotations(group),
  };
  return Object.fromEntries(
    Object.entries(all).filter(
      ([key]) =>
        !key.startsWith(SERVICE_LABEL_PREFIX) &&
        !key.startsWith('kubectl.kubernetes.io/') &&
        key !== PORTS_ANNOTATION &&
        key !== AGENT_ANNOTATION,
    ),
  );
}

/** Annotations that entries of a group get. */
function entryAnnotations(group: KubeObject): Readonly<Record<string, string>> {
  return textMapping(mapping(mapping(group['spec'])['metadata'])['annotations']);
}

function annotatedPorts(group: KubeObject, service: string): readonly ServicePort[] | undefined {
  const kept = group.metadata.annotations?.[serviceKey(service)];
  return kept?.split(',').map(parseServicePort);
}

function portsOfService(service: KubeObject | undefined): readonly ServicePort[] | undefined {
  const ports = list(mapping(service?.['spec'])['ports']).map(mapping);
  const read = ports.flatMap((port) => {
    const number = typeof port['targetPort'] === 'number' ? port['targetPort'] : port['port'];
    return typeof number === 'number' ? [{ number, name: text(port['name']) ?? String(number) }] : [];
  });
  return read.length > 0 ? read : undefined;
}

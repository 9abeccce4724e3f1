import { meshProblems } from '../../problems/mesh.ts';
import { type KubeObject, madeByMeshx, refOf, showRef } from '../kube-object.ts';
import { formatServicePort, type ServicePort } from '../service-port.ts';
import { list, mapping, text } from '../unknown.ts';
import type { Subset } from './subsets.ts';

/** Pilot reads from it which identity a client must expect behind the service. */
export const ACCOUNT_ANNOTATION = 'alpha.istio.io/kubernetes-serviceaccounts';

/** Made by meshx or by `istioctl register`, which sets the annotation. Registrations may change such a Service. */
export function isOurs(service: KubeObject): boolean {
  return madeByMeshx(service) || service.metadata.annotations?.[ACCOUNT_ANNOTATION] !== undefined;
}

/** Refuses a Service that selects pods, and one of another owner that lacks a port. */
export function checkForeign(
  service: KubeObject,
  { ours, ports }: { readonly ours: boolean; readonly ports: readonly ServicePort[] },
): void {
  const shown = showRef(refOf(service));
  if (Object.keys(mapping(mapping(service['spec'])['selector'])).length > 0)
    throw meshProblems.selectorTaken({ service: shown });
  const missing = ports.filter(({ number }) => !portSpecs(service).some((spec) => targetOf(spec) === number));
  if (!ours && missing.length > 0)
    throw meshProblems.foreignPorts({ service: shown, ports: missing.map(formatServicePort) });
}

/** The ports with the names of another owner's Service, because endpoints match by name. */
export function servicePortsOf(service: KubeObject | undefined, ports: readonly ServicePort[]): readonly ServicePort[] {
  return ports.map(({ number, name }) => {
    const spec = portSpecs(service).find((one) => targetOf(one) === number);
    return { number, name: spec ? (text(spec['name']) ?? '') : name };
  });
}

/** The ports of a Service of meshx: those of its addresses, with their other fields, then new ones. */
export function syncedPorts(
  service: KubeObject | undefined,
  { ports, subsets }: { readonly ports: readonly ServicePort[]; readonly subsets: readonly Subset[] },
): readonly Readonly<Record<string, unknown>>[] {
  const used = [...ports, ...subsets.flatMap((subset) => subset.ports)];
  const specs = portSpecs(service).filter((spec) => used.some(({ number }) => number === targetOf(spec)));
  const kept = specs.map((spec) => ({ ...spec, ...renamed(spec, ports) }));
  const added = ports.filter(({ number }) => !specs.some((spec) => targetOf(spec) === number));
  const all = [
    ...kept,
    ...added.map(({ name, number }) => ({ name, port: number, protocol: 'TCP', targetPort: number })),
  ];
  refuseTwice(all);
  return all;
}

function renamed(spec: Readonly<Record<string, unknown>>, ports: readonly ServicePort[]) {
  const wanted = ports.find(({ number }) => number === targetOf(spec));
  return wanted ? { name: wanted.name } : {};
}

function refuseTwice(specs: readonly Readonly<Record<string, unknown>>[]): void {
  const show = (spec: Readonly<Record<string, unknown>>) => `${text(spec['name']) ?? ''}:${String(spec['port'])}`;
  for (const [index, spec] of specs.entries()) {
    const other = specs.slice(0, index).find(({ name, port }) => name === spec['name'] || port === spec['port']);
    if (other) throw meshProblems.portTwice({ port: show(spec), other: show(other) });
  }
}

function portSpecs(service: KubeObject | undefined): readonly Readonly<Record<string, unknown>>[] {
  return list(mapping(service?.['spec'])['ports']).map(mapping);
}

/** The number on the VM. The API server defaults targetPort to port. */
function targetOf(spec: Readonly<Record<string, unknown>>): unknown {
  return typeof spec['targetPort'] === 'number' ? spec['targetPort'] : spec['port'];
}

import { parseWorkloadIp } from '../address.ts';
import { type KubeObject, MANAGED_BY } from '../kube-object.ts';
import type { ServicePort } from '../service-port.ts';
import { mapping } from '../unknown.ts';
import { ACCOUNT_ANNOTATION, checkForeign, isOurs, servicePortsOf, syncedPorts } from './service.ts';
import { addressesOf, formatSubsets, parseSubsets, registerAddress } from './subsets.ts';

/** The options of `register`. */
export interface ClassicRegistration {
  readonly service: string;
  readonly namespace: string;
  readonly address: string;
  readonly ports: readonly ServicePort[];
  /** `default` when absent; an empty text leaves the annotation out. */
  readonly serviceAccount?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The objects of that name in the cluster; absent only when the API server answered 404. */
export interface ClassicFound {
  readonly service?: KubeObject;
  readonly endpoints?: KubeObject;
}

/** Both wanted objects. An object that need not change is the found object itself. */
export interface ClassicWanted {
  readonly service: KubeObject;
  readonly endpoints: KubeObject;
  /** Addresses behind the service, each once, afterwards. */
  readonly count: number;
}

/**
 * A Service without selector and Endpoints with the address, as `istioctl register` made them, but idempotent: an
 * address is in one subset only, and changed ports, labels and annotations are applied. A Service of another owner does
 * not change. Throws `bad-address`, `service-has-selector`, `foreign-service-ports`, `port-twice`.
 */
export function classicObjects(registration: ClassicRegistration, found: ClassicFound = {}): ClassicWanted {
  const address = parseWorkloadIp(registration.address);
  const ours = !found.service || isOurs(found.service);
  if (found.service) checkForeign(found.service, { ours, ports: registration.ports });
  const ports = ours ? registration.ports : servicePortsOf(found.service, registration.ports);
  const subsets = registerAddress(parseSubsets(found.endpoints), { address, ports });
  const service = ours
    ? wantedService(registration, found.service, syncedPorts(found.service, { ports, subsets }))
    : undefined;
  return {
    service: service ?? found.service ?? newService(registration, ports),
    endpoints: keepEqual(found.endpoints, {
      ...(found.endpoints ?? { apiVersion: 'v1', kind: 'Endpoints' }),
      metadata: metadataFor(registration, found.endpoints),
      subsets: formatSubsets(subsets, found.endpoints),
    }),
    count: addressesOf(subsets).length,
  };
}

function wantedService(
  registration: ClassicRegistration,
  found: KubeObject | undefined,
  ports: readonly unknown[],
): KubeObject {
  if (!found) return newService(registration, registration.ports);
  const spec = { ...mapping(found['spec']), ports };
  return keepEqual(found, { ...found, metadata: metadataFor(registration, found), spec });
}

function newService(registration: ClassicRegistration, ports: readonly ServicePort[]): KubeObject {
  const spec = {
    ports: ports.map(({ name, number }) => ({ name, port: number, protocol: 'TCP', targetPort: number })),
  };
  return { apiVersion: 'v1', kind: 'Service', metadata: metadataFor(registration, undefined), spec };
}

function metadataFor(registration: ClassicRegistration, found: KubeObject | undefined): KubeObject['metadata'] {
  const { service: name, namespace, serviceAccount = 'default', labels, annotations } = registration;
  if (found && !isOurs(found)) return found.metadata;
  const account = serviceAccount && { [ACCOUNT_ANNOTATION]: serviceAccount };
  const all = { ...found?.metadata.annotations, ...annotations, ...account };
  return {
    ...(found?.metadata ?? { name, namespace }),
    labels: { ...found?.metadata.labels, ...labels, ...(found ? {} : MANAGED_BY) },
    ...(Object.keys(all).length > 0 && { annotations: all }),
  };
}

/** The found object itself if the new one is equal: callers compare by identity. */
function keepEqual(found: KubeObject | undefined, wanted: KubeObject): KubeObject {
  return found && canonical(found) === canonical(wanted) ? found : wanted;
}

/** JSON with sorted keys, without empty mappings and lists, which the API server omits. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    const entries = Object.entries(part).filter(([, field]) => !isEmpty(field));
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function isEmpty(field: unknown): boolean {
  return typeof field === 'object' && field !== null && Object.keys(field).length === 0;
}

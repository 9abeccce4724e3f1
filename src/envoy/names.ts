import { list, mapping, text } from '../mesh/unknown.ts';

/** The parts of a cluster's name that istiod chose: `outbound|3306||mysqldb.vm.svc.cluster.local`. */
export interface ClusterName {
  readonly direction: string;
  readonly port: number;
  readonly subset: string;
  readonly fqdn: string;
}

/** Reads a cluster's name; undefined for a cluster that Envoy or its bootstrap names (`xds-grpc`). */
export function clusterName(name: string): ClusterName | undefined {
  // Of clusters for DNS SRV: outbound_.3306_._.mysqldb.vm.svc.cluster.local.
  const parts = /^(?:out|in)bound_\./.test(name) ? name.split('_.') : name.split('|');
  const [direction = '', port = '', subset = '', fqdn = ''] = parts;
  if (parts.length !== 4) return undefined;
  return { direction, port: /^\d{1,5}$/.test(port) ? Number(port) : 0, subset, fqdn };
}

/** By service, subset, port and direction: istioctl's order of clusters. */
export function compareClusters(a: string, b: string): number {
  const [left, right] = [sortable(a), sortable(b)];
  return (
    compareText(left.fqdn, right.fqdn) ||
    compareText(left.subset, right.subset) ||
    left.port - right.port ||
    compareText(left.direction, right.direction)
  );
}

function sortable(name: string): ClusterName {
  return clusterName(name) ?? { direction: '', port: 0, subset: '', fqdn: name };
}

/** By code unit, in every locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** `NAME.NAMESPACE` of the Istio object that made a route or a cluster; undefined without one. */
export function sourceObject(metadata: unknown): string | undefined {
  const config = text(mapping(mapping(mapping(metadata)['filter_metadata'])['istio'])['config']);
  if (config === undefined) return undefined;
  // /apis/networking.istio.io/v1/namespaces/NAMESPACE/virtual-service/NAME
  const parts = config.split('/');
  if (!config.startsWith('/apis/networking.istio.io/')) return '<unknown>';
  return parts.length === 8 ? `${parts[7]}.${parts[5]}` : undefined;
}

/** An address as Envoy writes it. */
export interface EnvoyAddress {
  /** An IP address, `unix://PATH`, `envoy://LISTENER/ENDPOINT`, or `unknown`. */
  readonly address: string;
  /** 0 for an address without a port. */
  readonly port: number;
}

/** Reads an `address` field. */
export function envoyAddress(value: unknown): EnvoyAddress {
  const { socket_address: socket, pipe, envoy_internal_address: internal } = mapping(value);
  if (socket !== undefined)
    return { address: text(mapping(socket)['address']) ?? '', port: wholeNumber(mapping(socket)['port_value']) ?? 0 };
  const path = text(mapping(pipe)['path']);
  if (path !== undefined) return { address: `unix://${path}`, port: 0 };
  const { server_listener_name: listener, endpoint_id: endpoint } = mapping(internal);
  const named = text(listener) !== undefined;
  return { address: named ? `envoy://${text(listener)}/${text(endpoint) ?? ''}` : 'unknown', port: 0 };
}

/** A whole number from outside, also as text, as Envoy writes 64-bit numbers; undefined for anything else. */
export function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** Texts of a list from outside. */
export function texts(value: unknown): readonly string[] {
  return list(value).filter((each): each is string => typeof each === 'string');
}

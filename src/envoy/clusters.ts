import { list, mapping, text } from '../mesh/unknown.ts';
import type { ConfigDump, Dumped } from './config-dump.ts';
import { alignColumns } from './columns.ts';
import type { Endpoint } from './endpoints.ts';
import { clusterName, compareClusters, sourceObject, wholeNumber } from './names.ts';

/** A cluster, by Envoy's configuration. */
export interface Cluster {
  readonly name: string;
  readonly fqdn: string;
  /** These three are absent for a cluster of Envoy's bootstrap. */
  readonly port?: number;
  readonly subset?: string;
  readonly direction?: string;
  /** How its endpoints are found: EDS, STATIC, STRICT_DNS, ORIGINAL_DST. */
  readonly type: string;
  /** `NAME.NAMESPACE`. */
  readonly destinationRule?: string;
  readonly connectTimeout?: string;
  /** Of the circuit breaker; absent for the default of Envoy, and for what istiod writes for "no limit". */
  readonly limits: Readonly<Record<string, number>>;
  readonly ejects: boolean;
  readonly version?: string;
  readonly updated?: string;
}

/** What istioctl can select clusters by. */
export interface ClusterFilter {
  readonly fqdn?: string;
  readonly port?: number;
  readonly subset?: string;
  readonly direction?: string;
}

/** The clusters in istioctl's order. Each filter is part of the cluster's name, as in istioctl. */
export function clustersOf({ clusters }: ConfigDump, filter: ClusterFilter = {}): readonly Cluster[] {
  const { fqdn, port, subset, direction } = filter;
  const parts = [fqdn, subset, direction, port === undefined ? undefined : `|${port}|`].filter(
    (part) => part !== undefined,
  );
  return clusters
    .map(clusterOf)
    .filter(({ name }) => parts.every((part) => name.includes(part)))
    .sort((a, b) => compareClusters(a.name, b.name));
}

/** istiod writes this where nothing limits. */
const NO_LIMIT = 4_294_967_295;
const LIMITS = ['max_connections', 'max_pending_requests', 'max_requests', 'max_retries'] as const;

function clusterOf({ resource, version, updated }: Dumped): Cluster {
  const name = text(resource['name']) ?? '';
  const { fqdn = name, direction, subset, port } = clusterName(name) ?? {};
  const [destinationRule, connectTimeout] = [sourceObject(resource['metadata']), text(resource['connect_timeout'])];
  return {
    ...{ name, fqdn, type: text(resource['type']) ?? 'STATIC' },
    ...(direction !== undefined && { direction }),
    ...(port !== undefined && { port }),
    ...(subset && { subset }),
    ...(destinationRule && { destinationRule }),
    ...(connectTimeout && { connectTimeout }),
    limits: limitsOf(resource['circuit_breakers']),
    ejects: resource['outlier_detection'] !== undefined,
    ...(version && { version }),
    ...(updated && { updated }),
  };
}

function limitsOf(breakers: unknown): Readonly<Record<string, number>> {
  const [threshold] = list(mapping(breakers)['thresholds']).map(mapping);
  const found = LIMITS.map(
    (key) => [key.replace('max_', '').replace('_', ' '), wholeNumber(threshold?.[key])] as const,
  );
  return Object.fromEntries(
    found.filter((entry): entry is [string, number] => entry[1] !== undefined && entry[1] < NO_LIMIT),
  );
}

const HEADINGS = ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'];

/** The table of `istioctl proxy-config clusters`. */
export function formatClusters(clusters: readonly Cluster[]): readonly string[] {
  const rows = clusters.map(({ fqdn, port, subset = '-', direction = '-', type, destinationRule = '' }) => [
    fqdn,
    port === undefined ? '-' : String(port),
    subset,
    direction,
    type,
    destinationRule,
  ]);
  return alignColumns([HEADINGS, ...rows], 5);
}

/** Each cluster with its limits, and its endpoints with health and what failed. */
export function describeClusters(clusters: readonly Cluster[], endpoints: readonly Endpoint[]): readonly string[] {
  const hosts = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const known = hosts.get(endpoint.cluster);
    if (known) known.push(endpoint);
    else hosts.set(endpoint.cluster, [endpoint]);
  }
  return clusters.flatMap((cluster) => [
    `${cluster.name}  ${cluster.type}${cluster.destinationRule ? `  DestinationRule ${cluster.destinationRule}` : ''}`,
    `  limits: ${limits(cluster)}`,
    ...(hosts.get(cluster.name) ?? []).map((endpoint) => `  ${describeEndpoint(endpoint)}`),
    ...(hosts.has(cluster.name) ? [] : ['  no endpoints']),
  ]);
}

function limits({ limits, connectTimeout, ejects }: Cluster): string {
  const found = Object.entries(limits).map(([what, most]) => `${what} ${most}`);
  const timeout = connectTimeout ? [`connect timeout ${connectTimeout}`] : [];
  const all = [...found, ...timeout, ...(ejects ? ['outlier detection on'] : [])];
  return all.join(', ') || 'none';
}

function describeEndpoint({ address, status, outlier, counters }: Endpoint): string {
  const { cx_connect_fail: failed = 0, rq_error: errors = 0, rq_timeout: late = 0, cx_active: open = 0 } = counters;
  const trouble = [
    ...(outlier ? ['ejected by outlier detection'] : []),
    ...(failed > 0 ? [`${failed} failed connections`] : []),
    ...(errors > 0 ? [`${errors} failed requests`] : []),
    ...(late > 0 ? [`${late} timeouts`] : []),
  ];
  return [`${address} ${status}`, `${open} open connections`, ...trouble].join(', ');
}

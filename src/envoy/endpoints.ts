import { readJson } from '../documents/json.ts';
import { Unreadable } from '../documents/unreadable.ts';
import { list, mapping, text } from '../mesh/unknown.ts';
import { alignColumns } from './columns.ts';
import { compareText, envoyAddress, wholeNumber } from './names.ts';

/** One endpoint of a cluster, as Envoy uses it. */
export interface Endpoint {
  /** `10.150.0.5:3306`, or the path of a socket. */
  readonly address: string;
  readonly ip: string;
  readonly port: number;
  readonly cluster: string;
  /** As istiod reports it: HEALTHY, UNHEALTHY, DRAINING, … */
  readonly status: string;
  /** Whether outlier detection ejected it. */
  readonly outlier: boolean;
  /** Counters and gauges of Envoy: `cx_active`, `rq_error`. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What istioctl can select endpoints by. */
export interface EndpointFilter {
  readonly address?: string;
  readonly port?: number;
  readonly cluster?: string;
  readonly status?: string;
}

/** Reads the JSON of `/clusters?format=json`, in istioctl's order. Throws `Unreadable`. */
export function readEndpoints(json: string, filter: EndpointFilter = {}): readonly Endpoint[] {
  const document = mapping(readJson(json));
  if (document['configs'] !== undefined)
    throw new Unreadable('it is an answer of /config_dump, not of /clusters?format=json');
  if (!Array.isArray(document['cluster_statuses']))
    throw new Unreadable('it has no cluster_statuses: it is not an answer of /clusters?format=json');
  const all = document['cluster_statuses'].map(mapping).flatMap((status) => {
    const cluster = text(status['name']) ?? '';
    return list(status['host_statuses']).map((host) => endpointOf(mapping(host), cluster));
  });
  return all.filter((endpoint) => matches(endpoint, filter)).sort(compare);
}

function endpointOf(host: Readonly<Record<string, unknown>>, cluster: string): Endpoint {
  const { address: ip, port } = envoyAddress(host['address']);
  const health = mapping(host['health_status']);
  const counted = list(host['stats'])
    .map(mapping)
    .map(({ name, value }) => [text(name) ?? '', wholeNumber(value) ?? 0] as const);
  return {
    ...{ address: port === 0 ? ip : `${ip}:${port}`, ip, port, cluster },
    status: text(health['eds_health_status']) ?? 'UNKNOWN',
    outlier: health['failed_outlier_check'] === true,
    counters: Object.fromEntries(counted.filter(([, value]) => value > 0)),
  };
}

function matches({ ip, port, cluster, status }: Endpoint, filter: EndpointFilter): boolean {
  const same = (a: string, b: string | undefined): boolean => b === undefined || a.toLowerCase() === b.toLowerCase();
  const here = filter.port === undefined || filter.port === port;
  return here && same(ip, filter.address) && same(cluster, filter.cluster) && same(status, filter.status);
}

function compare(a: Endpoint, b: Endpoint): number {
  return compareText(a.ip, b.ip) || a.port - b.port || compareText(a.cluster, b.cluster);
}

const HEADINGS = ['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER'];

/** The table of `istioctl proxy-config endpoints`. */
export function formatEndpoints(endpoints: readonly Endpoint[]): readonly string[] {
  const rows = endpoints.map(({ address, status, outlier, cluster }) => [
    address,
    status,
    outlier ? 'FAILED' : 'OK',
    cluster,
  ]);
  return alignColumns([HEADINGS, ...rows], 5);
}

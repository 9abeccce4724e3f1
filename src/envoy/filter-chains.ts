import { list, mapping, text } from '../mesh/unknown.ts';
import { texts, wholeNumber } from './names.ts';
import { describeMatch } from './routes.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** What a listener does with a kind of connection. */
export interface FilterChain {
  /** As istioctl describes it: `Trans: tls; Addr: *:8080`. */
  readonly match: string;
  /** `Cluster: inbound|8080||`, `Route: 8080`, `Inline Route: /healthz/ready*`. */
  readonly destination: string;
  readonly kinds: readonly ('http' | 'tcp')[];
}

const HTTP = 'envoy.filters.network.http_connection_manager';
const TCP = 'envoy.filters.network.tcp_proxy';

/** Reads a filter chain. */
export function filterChain(value: unknown): FilterChain {
  const { filter_chain_match: match, filters } = mapping(value);
  const all = list(filters).map(mapping);
  return { match: describe(mapping(match)), destination: destinationOf(all), kinds: all.flatMap(kindOf) };
}

/** A TCP proxy that leads nowhere is none. */
function kindOf(filter: Mapping): readonly ('http' | 'tcp')[] {
  if (filter['name'] === HTTP) return ['http'];
  return filter['name'] === TCP && !leadsNowhere(filter) ? ['tcp'] : [];
}

function leadsNowhere(filter: Mapping): boolean {
  const { cluster, stat_prefix: prefix, weighted_clusters: weighted } = mapping(filter['typed_config']);
  const names = list(mapping(weighted)['clusters']).map((each) => mapping(each)['name']);
  return [cluster, prefix, ...names].some((name) => text(name)?.includes('BlackHoleCluster'));
}

/** Sets of application protocols that istiod uses. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['http/1.0,http/1.1,h2c,istio-http/1.0,istio-http/1.1,istio-h2', 'HTTP TLS'],
  ['istio,istio-http/1.0,istio-http/1.1,istio-h2', 'Istio HTTP Plain'],
  ['istio-peer-exchange,istio', 'TCP TLS'],
  ['http/1.0,http/1.1,h2c', 'HTTP'],
]);

function describe(match: Mapping): string {
  const [names, protocols] = [texts(match['server_names']).join(','), texts(match['application_protocols']).join(',')];
  const transport = text(match['transport_protocol']);
  const port = wholeNumber(match['destination_port']);
  const ranges = list(match['prefix_ranges'])
    .map(mapping)
    .map(({ address_prefix: address, prefix_len: length }) => {
      return `${text(address) ?? ''}/${wholeNumber(length) ?? 0}`;
    });
  const address = ranges.join(',') || (port === undefined ? '' : '*');
  const parts = [
    names && `SNI: ${names}`,
    transport && `Trans: ${transport}`,
    protocols && `App: ${PROTOCOLS.get(protocols) ?? protocols}`,
    address && `Addr: ${address}${port === undefined ? '' : `:${port}`}`,
  ];
  return parts.filter(Boolean).join('; ') || 'ALL';
}

function destinationOf(filters: readonly Mapping[]): string {
  for (const filter of filters) {
    const config = mapping(filter['typed_config']);
    if (filter['name'] === HTTP) return httpDestination(config);
    if (filter['name'] === TCP && !leadsNowhere(filter)) return named(text(config['cluster']) ?? '');
  }
  return 'Non-HTTP/Non-TCP';
}

/** Istio's own clusters say themselves what they are. */
function named(cluster: string): string {
  return cluster.includes('Cluster') ? cluster : `Cluster: ${cluster}`;
}

function httpDestination({ route_config: inline, rds }: Mapping): string {
  if (inline !== undefined) return inlineDestination(list(mapping(inline)['virtual_hosts']).map(mapping));
  const name = text(mapping(rds)['route_config_name']);
  return name === undefined ? 'HTTP' : `Route: ${name}`;
}

function inlineDestination(hosts: readonly Mapping[]): string {
  const only = hosts.length === 1 ? onlyCluster(hosts[0] ?? {}) : undefined;
  if (only !== undefined) return named(only);
  const described = hosts.map(({ domains, routes }) => {
    const matches = list(routes).map((route) => describeMatch(mapping(route)['match']));
    const names = texts(domains).join('/');
    return `${names === '*' || names === '' ? '' : `${names} `}${matches.join(', ')}`;
  });
  return `Inline Route: ${described.join('; ')}`;
}

/** The one cluster to which everything is sent. */
function onlyCluster({ domains, routes }: Mapping): string | undefined {
  const [route, ...more] = list(routes).map(mapping);
  const everything = texts(domains).join('\n') === '*' && mapping(route?.['match'])['prefix'] === '/';
  return everything && more.length === 0 ? text(mapping(route?.['route'])['cluster']) : undefined;
}

import { list, mapping, text } from '../mesh/unknown.ts';
import type { ConfigDump, Dumped } from './config-dump.ts';
import { alignColumns } from './columns.ts';
import { sourceObject, texts, wholeNumber } from './names.ts';

/** The routes of one port or one listener. */
export interface RouteTable {
  /** The port of an outbound table, `inbound|8080||`; empty for Envoy's own. */
  readonly name: string;
  readonly version?: string;
  readonly updated?: string;
  readonly virtualHosts: readonly VirtualHost[];
}

interface VirtualHost {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
}

/** One route: what it matches, and where it leads. */
export interface Route {
  /** As istioctl prints it: `/api*`, `regex /x.*`. */
  readonly match: string;
  /** Names of headers that must match as well. */
  readonly headers?: readonly string[];
  /** One cluster with weight 100, or several. */
  readonly clusters?: readonly { readonly name: string; readonly weight: number }[];
  /** Where the client is redirected; the status of a direct response. */
  readonly redirect?: string;
  readonly status?: number;
  /** `0s`: none. */
  readonly timeout?: string;
  readonly retries?: number;
  /** The operation in traces. */
  readonly operation?: string;
  /** `NAME.NAMESPACE`. */
  readonly virtualService?: string;
}

/** The route tables, those named by a port first, in the order of the ports. */
export function routeTables({ routes }: ConfigDump, name?: string): readonly RouteTable[] {
  const tables = routes.map(tableOf).filter((table) => name === undefined || table.name === name);
  const isPort = ({ name }: RouteTable): boolean => /^\d+$/.test(name);
  const ports = tables.filter(isPort).sort((a, b) => Number(a.name) - Number(b.name));
  return [...ports, ...tables.filter((table) => !isPort(table))];
}

function tableOf({ resource, version, updated }: Dumped): RouteTable {
  return {
    name: text(resource['name']) ?? '',
    ...(version && { version }),
    ...(updated && { updated }),
    virtualHosts: list(resource['virtual_hosts'])
      .map(mapping)
      .map(({ name, domains, routes }) => ({
        ...{ name: text(name) ?? '', domains: texts(domains) },
        routes: list(routes).map(mapping).map(routeOf),
      })),
  };
}

function routeOf(route: Readonly<Record<string, unknown>>): Route {
  const { match, route: action, redirect, direct_response: direct, decorator, metadata } = route;
  const { timeout, retry_policy: retry } = mapping(action);
  const headers = list(mapping(match)['headers']).flatMap((header) => text(mapping(header)['name']) ?? []);
  const status = wholeNumber(mapping(direct)['status']);
  const [limit, operation] = [text(timeout), text(mapping(decorator)['operation'])];
  const [retries, virtualService] = [wholeNumber(mapping(retry)['num_retries']), sourceObject(metadata)];
  return {
    match: describeMatch(match),
    ...(headers.length > 0 && { headers }),
    ...(action !== undefined && { clusters: clustersOf(mapping(action)) }),
    ...(redirect !== undefined && { redirect: redirectOf(mapping(redirect)) }),
    ...(status !== undefined && { status }),
    ...(limit && { timeout: limit }),
    ...(retries !== undefined && { retries }),
    ...(operation && { operation }),
    ...(virtualService && { virtualService }),
  };
}

function clustersOf({
  cluster,
  cluster_header: header,
  weighted_clusters: weighted,
}: Readonly<Record<string, unknown>>) {
  const one = text(cluster) ?? (text(header) && `header ${text(header)}`);
  if (one) return [{ name: one, weight: 100 }];
  return list(mapping(weighted)['clusters'])
    .map(mapping)
    .map(({ name, weight }) => ({ name: text(name) ?? '', weight: wholeNumber(weight) ?? 0 }));
}

function redirectOf(redirect: Readonly<Record<string, unknown>>): string {
  const scheme = redirect['https_redirect'] === true ? 'https' : text(redirect['scheme_redirect']);
  const path = text(redirect['path_redirect']) ?? text(redirect['prefix_rewrite']) ?? '';
  const host = text(redirect['host_redirect']);
  return `${scheme ? `${scheme}://` : ''}${host ?? ''}${path}` || 'the same URL';
}

/** A match of paths as istioctl describes it, without headers. */
export function describeMatch(match: unknown): string {
  const { prefix, path_separated_prefix: separated, path, safe_regex: regex } = mapping(match);
  const parts = [
    text(prefix) && `${text(prefix)}*`,
    text(separated) && `PathPrefix:${text(separated)}`,
    text(path),
    regex === undefined ? undefined : `regex ${text(mapping(regex)['regex']) ?? ''}`,
  ];
  return parts.filter(Boolean).join(' ');
}

const HEADINGS = ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'];

/** The table of `istioctl proxy-config routes`: without routes that let traffic through unchanged. */
export function formatRoutes(tables: readonly RouteTable[]): readonly string[] {
  const rows = tables.flatMap((table) => table.virtualHosts.flatMap((host) => rowsOf(table, host)));
  return alignColumns([HEADINGS, ...rows], 5);
}

function rowsOf({ name }: RouteTable, host: VirtualHost): readonly (readonly string[])[] {
  const start = [name, host.name, describeDomains(host.domains)];
  if (host.routes.length === 0) return [[...start, '/*', '404']];
  return host.routes
    .filter(({ clusters }) => clusters?.[0]?.name !== 'PassthroughCluster')
    .map(({ match, virtualService = '' }) => [...start, match, virtualService]);
}

/** The first two names without a port; of a short and a long form the short one. */
function describeDomains(domains: readonly string[]): string {
  const [only = ''] = domains;
  if (domains.length < 2) return only;
  const withoutPort = domains.filter((domain) => !domain.includes(':') || isAddress(domain));
  const known = new Set(withoutPort);
  const shorter = (domain: string, ending: string): boolean =>
    domain.endsWith(ending) && known.has(domain.slice(0, -ending.length));
  const short = withoutPort.filter((domain) => !shorter(domain, '.svc.cluster.local') && !shorter(domain, '.svc'));
  const shown = short.slice(0, 2).join(', ');
  return short.length > 2 ? `${shown} + ${short.length - 2} more...` : shown;
}

/** An IPv6 address without a port. */
function isAddress(domain: string): boolean {
  return domain.split(':').length > 3 && domain.endsWith(']');
}

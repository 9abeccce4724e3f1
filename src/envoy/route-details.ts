import type { ConfigDump } from './config-dump.ts';
import type { Route, RouteTable } from './routes.ts';

/** Clusters that routes lead to and the dump does not have: requests to them fail with 503 NC. */
export function missingClusters(tables: readonly RouteTable[], { clusters }: ConfigDump): readonly string[] {
  const known = new Set(clusters.map(({ resource }) => resource['name']));
  const routes = tables.flatMap(({ virtualHosts }) => virtualHosts.flatMap((host) => host.routes));
  const named = routes.flatMap((route) => (route.clusters ?? []).map(({ name }) => name));
  return [...new Set(named)].filter((name) => !known.has(name) && !name.startsWith('header '));
}

/** Each table with its domains, and each route with cluster, timeout and operation. `missing` clusters are marked. */
export function describeTables(tables: readonly RouteTable[], missing: readonly string[] = []): readonly string[] {
  const absent = new Set(missing);
  return tables.flatMap(({ name, version, updated, virtualHosts }) => [
    `${name || '(no name)'}${version ? `  version ${version}` : ''}${updated ? `  updated ${updated}` : ''}`,
    ...virtualHosts.flatMap((host) => [
      `  ${host.name}`,
      `    domains: ${host.domains.join(', ')}`,
      ...host.routes.flatMap((route) => [`    ${describeRoute(route, absent)}`]),
      ...(host.routes.length === 0 ? ['    no routes: 404'] : []),
    ]),
  ]);
}

function describeRoute(route: Route, absent: ReadonlySet<string>): string {
  const { match, headers, timeout, retries, operation, virtualService } = route;
  return [
    `${match}${headers ? ` with ${headers.join(', ')}` : ''} → ${destination(route, absent)}`,
    ...(timeout ? [`timeout ${timeout === '0s' ? 'none' : timeout}`] : []),
    ...(retries === undefined ? [] : [`retries ${retries}`]),
    ...(operation ? [`operation ${operation}`] : []),
    ...(virtualService ? [`VirtualService ${virtualService}`] : []),
  ].join(', ');
}

function destination({ clusters = [], redirect, status }: Route, absent: ReadonlySet<string>): string {
  if (redirect !== undefined) return `redirect to ${redirect}`;
  if (status !== undefined) return `status ${status}`;
  const weighted = clusters.length > 1;
  const described = clusters.map(({ name, weight }) => {
    const notes = [...(weighted ? [`weight ${weight}`] : []), ...(absent.has(name) ? ['no such cluster'] : [])];
    return notes.length > 0 ? `${name} (${notes.join(', ')})` : name;
  });
  return described.join(', ') || 'nothing';
}

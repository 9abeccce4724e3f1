import { type Bootstrap, bootstrapOf } from '../../envoy/bootstrap.ts';
import { type Certificate, certificatesOf } from '../../envoy/certificates.ts';
import { type Cluster, type ClusterFilter, clustersOf } from '../../envoy/clusters.ts';
import { type ConfigDump, readConfigDump } from '../../envoy/config-dump.ts';
import { type Endpoint, type EndpointFilter, readEndpoints } from '../../envoy/endpoints.ts';
import { type Listener, type ListenerFilter, listenersOf } from '../../envoy/listeners.ts';
import { loggingPage, readLogLevels, type WantedLevel } from '../../envoy/log-levels.ts';
import { missingClusters } from '../../envoy/route-details.ts';
import { type RouteTable, routeTables } from '../../envoy/routes.ts';
import { readStats, type Statistic } from '../../envoy/stats.ts';

/** What is to be shown of a proxy, and which part of it. */
export type ViewQuery =
  | { readonly view: 'routes'; readonly name?: string }
  /** `details`: with the endpoints of each. */
  | { readonly view: 'clusters'; readonly filter: ClusterFilter; readonly details: boolean }
  | { readonly view: 'listeners'; readonly filter: ListenerFilter }
  | { readonly view: 'endpoints'; readonly filter: EndpointFilter }
  | { readonly view: 'bootstrap' | 'certificates' }
  | { readonly view: 'stats'; readonly name?: string }
  /** `levels` are set first. */
  | { readonly view: 'log-level'; readonly levels: readonly WantedLevel[] };

export type ViewReport =
  /** `missing`: clusters that routes lead to and the proxy does not have. */
  | { readonly view: 'routes'; readonly routes: readonly RouteTable[]; readonly missing: readonly string[] }
  | { readonly view: 'clusters'; readonly clusters: readonly Cluster[]; readonly endpoints?: readonly Endpoint[] }
  | { readonly view: 'listeners'; readonly listeners: readonly Listener[] }
  | { readonly view: 'endpoints'; readonly endpoints: readonly Endpoint[] }
  | { readonly view: 'bootstrap'; readonly bootstrap: Bootstrap }
  | { readonly view: 'certificates'; readonly certificates: readonly Certificate[] }
  | { readonly view: 'stats'; readonly stats: readonly Statistic[] }
  | { readonly view: 'log-level'; readonly loggers: Readonly<Record<string, string>> };

const DUMP = 'config_dump';
const CLUSTERS = 'clusters?format=json';

/** The pages of Envoy's admin interface that a view needs. */
export function pagesOf(query: ViewQuery): readonly string[] {
  if (query.view === 'endpoints') return [CLUSTERS];
  if (query.view === 'stats') return ['stats?usedonly'];
  if (query.view === 'log-level') return [loggingPage(query.levels)];
  return query.view === 'clusters' && query.details ? [DUMP, CLUSTERS] : [DUMP];
}

/** The view of texts from these pages. Throws `Unreadable`. Pure. */
export function viewOf(query: ViewQuery, [text = '', more]: readonly string[], now: Date): ViewReport {
  if (query.view === 'endpoints') return { view: 'endpoints', endpoints: readEndpoints(text, query.filter) };
  if (query.view === 'stats') return { view: 'stats', stats: readStats(text, query.name) };
  if (query.view === 'log-level') return { view: 'log-level', loggers: readLogLevels(text) };
  return viewOfDump(query, readConfigDump(text), { now, more });
}

type OfDump = Exclude<ViewQuery, { readonly view: 'endpoints' | 'stats' | 'log-level' }>;

function viewOfDump(
  query: OfDump,
  dump: ConfigDump,
  { now, more }: { readonly now: Date; readonly more: string | undefined },
): ViewReport {
  switch (query.view) {
    case 'routes': {
      const routes = routeTables(dump, query.name);
      return { view: 'routes', routes, missing: missingClusters(routes, dump) };
    }
    case 'clusters':
      return {
        ...{ view: 'clusters', clusters: clustersOf(dump, query.filter) },
        ...(more !== undefined && { endpoints: readEndpoints(more) }),
      };
    case 'listeners':
      return { view: 'listeners', listeners: listenersOf(dump, query.filter) };
    case 'bootstrap':
      return { view: 'bootstrap', bootstrap: bootstrapOf(dump) };
    case 'certificates':
      return { view: 'certificates', certificates: certificatesOf(dump, now) };
  }
}

import { readJson } from '../documents/json.ts';
import { Unreadable } from '../documents/unreadable.ts';
import { list, mapping, text } from '../mesh/unknown.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** One resource of a dump, and when the sidecar received it. */
export interface Dumped {
  readonly resource: Mapping;
  /** The version that istiod gave it; absent for static resources. */
  readonly version?: string;
  /** RFC 3339. */
  readonly updated?: string;
}

/** Envoy's `/config_dump`, divided into its sections. Dynamic resources come before static ones, as in istioctl. */
export interface ConfigDump {
  readonly bootstrap: Mapping;
  readonly clusters: readonly Dumped[];
  readonly listeners: readonly Dumped[];
  readonly routes: readonly Dumped[];
  /** Those that are not in use yet come first. */
  readonly secrets: readonly (Dumped & { readonly state: 'ACTIVE' | 'WARMING' })[];
}

/** Reads the JSON of `/config_dump`. Throws `Unreadable`. */
export function readConfigDump(json: string): ConfigDump {
  const { configs } = mapping(readJson(json));
  if (!Array.isArray(configs)) throw new Unreadable('it has no configs: it is not an answer of /config_dump');
  const sections = new Map(list(configs).map((config) => [sectionOf(config), mapping(config)]));
  const section = (name: string): Mapping => sections.get(name) ?? {};
  const [clusters, routes, secrets] = [section('Clusters'), section('Routes'), section('Secrets')];
  return {
    bootstrap: mapping(section('Bootstrap')['bootstrap']),
    clusters: [
      ...dumped(clusters, 'dynamic_active_clusters', 'cluster'),
      ...dumped(clusters, 'static_clusters', 'cluster'),
    ],
    listeners: listenersOf(section('Listeners')),
    routes: [
      ...dumped(routes, 'dynamic_route_configs', 'route_config'),
      ...dumped(routes, 'static_route_configs', 'route_config'),
    ],
    secrets: [
      ...dumped(secrets, 'dynamic_warming_secrets', 'secret').map((each) => ({ ...each, state: 'WARMING' as const })),
      ...dumped(secrets, 'dynamic_active_secrets', 'secret').map((each) => ({ ...each, state: 'ACTIVE' as const })),
    ],
  };
}

/** `Routes` for type.googleapis.com/envoy.admin.v3.RoutesConfigDump. */
function sectionOf(config: unknown): string {
  return /\.(\w+)ConfigDump$/.exec(text(mapping(config)['@type']) ?? '')?.[1] ?? '';
}

function dumped(section: Mapping, field: string, resource: string): readonly Dumped[] {
  return list(section[field]).flatMap((entry) => dumpedOne(mapping(entry), resource));
}

/** A listener that drains has no active state, and serves nothing new. */
function listenersOf(section: Mapping): readonly Dumped[] {
  const active = list(section['dynamic_listeners']).map((entry) => mapping(mapping(entry)['active_state']));
  return [
    ...active.flatMap((entry) => dumpedOne(entry, 'listener')),
    ...dumped(section, 'static_listeners', 'listener'),
  ];
}

function dumpedOne(entry: Mapping, field: string): readonly Dumped[] {
  const resource = entry[field];
  if (typeof resource !== 'object' || resource === null) return [];
  const [version, updated] = [text(entry['version_info']), text(entry['last_updated'])];
  return [{ resource: mapping(resource), ...(version && { version }), ...(updated && { updated }) }];
}

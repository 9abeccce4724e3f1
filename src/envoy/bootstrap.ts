import { list, mapping, text } from '../mesh/unknown.ts';
import type { ConfigDump } from './config-dump.ts';
import { envoyAddress } from './names.ts';

/** What Envoy was started with. */
export interface Bootstrap {
  readonly istioVersion?: string;
  /** The commit of Istio's build of Envoy. */
  readonly proxyVersion?: string;
  readonly envoyVersion: string;
  /** `sidecar~IP~NAME.NAMESPACE~DOMAIN`. */
  readonly nodeId: string;
  readonly cluster: string;
  /** Where the agent gets configuration; absent in a bootstrap of another author. */
  readonly discovery?: string;
  /** The socket or address from which Envoy itself gets configuration. */
  readonly xds?: string;
  /** Where traces are sent; absent when tracing is not configured. */
  readonly tracing?: string;
  readonly admin: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Reads the bootstrap of a dump. */
export function bootstrapOf({ bootstrap }: ConfigDump): Bootstrap {
  const node = mapping(bootstrap['node']);
  const metadata = mapping(node['metadata']);
  const { address, port } = envoyAddress(mapping(bootstrap['admin'])['address']);
  const sha = text(metadata['ISTIO_PROXY_SHA']);
  const proxy = mapping(metadata['PROXY_CONFIG']);
  const found = {
    istioVersion: text(metadata['ISTIO_VERSION']),
    proxyVersion: sha?.split(':')[1] ?? sha,
    discovery: text(proxy['discoveryAddress']),
    xds: endpointOf(bootstrap, 'xds-grpc'),
    tracing: tracingOf(bootstrap, proxy),
  };
  return {
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
    envoyVersion: envoyVersion(mapping(node['user_agent_build_version'])),
    ...{ nodeId: text(node['id']) ?? '', cluster: text(node['cluster']) ?? '' },
    ...{ admin: `${address}:${port}`, metadata },
  };
}

/** `1.37.0/Clean/RELEASE/BoringSSL`. */
function envoyVersion({ version, metadata }: Readonly<Record<string, unknown>>): string {
  const part = (name: string): string => Number(mapping(version)[name] ?? 0).toString();
  const built = mapping(metadata);
  const label = text(built['build.label']);
  const rest = ['revision.status', 'build.type', 'ssl.version'].flatMap((key) => text(built[key]) ?? []);
  const number = [part('major_number'), part('minor_number'), part('patch')].join('.');
  return [`${number}${label ? `-${label}` : ''}`, ...rest].join('/');
}

/** The collector of a tracer in the bootstrap, else that of the proxy's settings. */
function tracingOf(
  bootstrap: Readonly<Record<string, unknown>>,
  proxy: Readonly<Record<string, unknown>>,
): string | undefined {
  const config = mapping(mapping(mapping(bootstrap['tracing'])['http'])['typed_config']);
  const cluster = text(config['collector_cluster']);
  const address = cluster === undefined ? undefined : endpointOf(bootstrap, cluster);
  if (address !== undefined) return `${address} (${cluster})`;
  const settings = Object.values(mapping(proxy['tracing'])).map((tracer) => text(mapping(tracer)['address']));
  return settings.find((each) => each !== undefined) ?? text(config['collector_hostname']);
}

/** The first endpoint of a static cluster. */
function endpointOf(bootstrap: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const clusters = list(mapping(bootstrap['static_resources'])['clusters']).map(mapping);
  const cluster = clusters.find((each) => each['name'] === name);
  const [group] = list(mapping(cluster?.['load_assignment'])['endpoints']).map(mapping);
  const [first] = list(group?.['lb_endpoints']).map(mapping);
  if (first === undefined) return undefined;
  const { address, port } = envoyAddress(mapping(first['endpoint'])['address']);
  return port === 0 ? address : `${address}:${port}`;
}

/** The lines of `istioctl proxy-config bootstrap -o short`, then addresses, node and metadata. */
export function formatBootstrap(bootstrap: Bootstrap): readonly string[] {
  const { istioVersion, proxyVersion, envoyVersion, nodeId, cluster, discovery, xds, tracing, admin, metadata } =
    bootstrap;
  const rows: readonly (readonly [string, string])[] = [
    ['Discovery Address', discovery ?? 'none'],
    ['xDS', xds ?? 'none'],
    ['Tracing Address', tracing ?? 'none'],
    ['Admin', admin],
    ['Node ID', nodeId],
    ['Service Cluster', cluster],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return [
    ...versions({ istioVersion, proxyVersion, envoyVersion }),
    ...rows.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`),
    'Metadata:',
    ...Object.entries(metadata)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`),
  ];
}

/** As istioctl aligns them. */
function versions(
  found: Readonly<Record<'istioVersion' | 'proxyVersion' | 'envoyVersion', string | undefined>>,
): readonly string[] {
  const rows = [
    ['Istio Version:', found.istioVersion],
    ['Istio Proxy Version:', found.proxyVersion],
    ['Envoy Version:', found.envoyVersion],
  ].filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '');
  const width = Math.max(...rows.map(([name]) => name.length)) + 1;
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}`);
}

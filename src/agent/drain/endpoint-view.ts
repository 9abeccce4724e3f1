import { isIPv6 } from 'node:net';

/**
 * Hosts, such as `mysqldb.vm.svc.cluster.local`, that have the address as an endpoint in Envoy's page /clusters. A Sidecar resource may
 * hide the VM's own services; the page then shows none.
 *
 * Lines have the form `outbound|3306||HOST::10.0.0.5:3306::health_flags::healthy`:
 * https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--clusters
 */
export function hostsWithEndpoint(clusters: string, { address, port }: Endpoint): ReadonlySet<string> {
  const endpoint = `::${isIPv6(address) ? `[${address}]` : address}:${port}::health_flags::`;
  const lines = clusters.split('\n').filter((line) => line.startsWith('outbound|') && line.includes(endpoint));
  return new Set(lines.flatMap((line) => line.slice(0, line.indexOf('::')).split('|')[3] ?? []));
}

/** Whether Envoy's page /clusters has a cluster of the service, such as `mysqldb.vm`, whatever its endpoints are. */
export function showsService(clusters: string, service: string): boolean {
  return clusters.split('\n').some((line) => {
    const host = line.startsWith('outbound|') ? line.slice(0, line.indexOf('::')).split('|')[3] : undefined;
    return host !== undefined && `${host}.`.startsWith(`${service}.`);
  });
}

/** Where a service of this VM listens. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

import type { Counted, Expected } from '../../checks/verify/request-seen.ts';
import { clusterName } from '../../envoy/names.ts';

/** What is known of the target of a request. */
export interface CountedTarget {
  /** Name or address that the client used; absent for one that is in no cluster's name. */
  readonly host?: string;
  readonly expected: Pick<Expected, 'endpoints' | 'authorities'>;
}

/** Leaves out what other traffic of the VM counted at the same time, as far as names and ports tell. */
export function ownCounters(counted: readonly Counted[], target: CountedTarget): readonly Counted[] {
  return counted.filter((each) => isOwn(each, target));
}

function isOwn({ cluster }: Counted, { host, expected }: CountedTarget): boolean {
  const name = clusterName(cluster);
  // The passthrough clusters take what no service is known for.
  if (!name) return true;
  const { endpoints, authorities } = expected;
  if (name.direction === 'inbound') {
    const ports = endpoints?.map((endpoint) => Number(/:(\d+)$/.exec(endpoint)?.[1]));
    return ports === undefined || ports.includes(name.port);
  }
  if (authorities) return authorities.includes(name.fqdn);
  return host === undefined || /^[\d.]+$|:/.test(host) || name.fqdn === host || name.fqdn.startsWith(`${host}.`);
}

import { isIP } from 'node:net';

/** Which name servers of a machine the sidecar takes, in the order of resolv.conf. */
export interface CapturedServers {
  /** Queries to these go to the sidecar, and it asks them for what it does not know. */
  readonly taken: readonly string[];
  readonly left: readonly string[];
}

/**
 * What `systemd/resolver view` decides on the machine: the servers of the first one's kind, on this machine or elsewhere. A
 * server on the machine (dnsmasq) asks another one, perhaps the next in the same list: were both taken, its question would come
 * back to it. An address with a zone is left: no rule can name it.
 */
export function capturedServers(resolvConf: string, own: readonly string[]): CapturedServers {
  const named = [...resolvConf.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, address = '']) => address);
  const all = [...new Set(named)];
  const usable = all.filter((address) => isIP(address) !== 0 && !address.includes('%'));
  const isLocal = (address: string): boolean => /^127\.|^::1$/.test(address) || own.includes(address);
  const taken = usable.filter((address) => isLocal(address) === isLocal(usable[0] ?? ''));
  return { taken, left: all.filter((address) => !taken.includes(address)) };
}

import { isIP } from 'node:net';

/** Name servers whose queries DNS capture redirects, in the order of resolv.conf. */
export interface CapturedServers {
  /** Queries to these are redirected; the sidecar forwards what it does not know to them. */
  readonly taken: readonly string[];
  readonly left: readonly string[];
}

/**
 * The same decision as `systemd/resolver view`: all local servers if the first is local, else all remote ones. A local server
 * (dnsmasq) may forward to the next in the list: redirecting both would be a loop. No rule can match an address with a zone.
 */
export function capturedServers(resolvConf: string, own: readonly string[]): CapturedServers {
  const named = [...resolvConf.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, address = '']) => address);
  const all = [...new Set(named)];
  const usable = all.filter((address) => isIP(address) !== 0 && !address.includes('%'));
  const isLocal = (address: string): boolean => /^127\.|^::1$/.test(address) || own.includes(address);
  const taken = usable.filter((address) => isLocal(address) === isLocal(usable[0] ?? ''));
  return { taken, left: all.filter((address) => !taken.includes(address)) };
}

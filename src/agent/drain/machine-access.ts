import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { askAdmin } from '../sidecar/admin.ts';
import type { ServiceDefinition } from '../services/service-file.ts';
import type { DrainAccess } from './drain.ts';
import { hostsWithEndpoint } from './endpoint-view.ts';
import { openConnections } from './open-connections.ts';

export interface DrainPlace {
  readonly namespace: string;
  /** The VM's address in its entry. */
  readonly address: string;
  readonly isReported: DrainAccess['isReported'];
  /** For tests. */
  readonly adminPort?: number;
}

/** What a drain sees on this machine: /proc/net, and the sidecar's clusters. */
export function drainAccess(place: DrainPlace): DrainAccess {
  return {
    isReported: place.isReported,
    isEndpoint: (service, signal) => isEndpoint(service, place, signal),
    open: async ({ ports }) => openConnections(await sockets(), new Set(ports.map(({ number }) => number))),
    ms: () => performance.now(),
    pause: (ms, signal) => delay(ms, undefined, { signal }),
  };
}

async function isEndpoint(
  { name, ports }: ServiceDefinition,
  { namespace, address, adminPort }: DrainPlace,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const clusters = await askAdmin('/clusters', { signal, ...(adminPort !== undefined && { port: adminPort }) });
  if (clusters === undefined) return undefined;
  const host = `${name}.${namespace}.`;
  const hosts = ports.flatMap(({ number: port }) => [...hostsWithEndpoint(clusters, { address, port })]);
  return hosts.some((each) => `${each}.`.startsWith(host));
}

/** A machine without IPv6 has no tcp6. */
async function sockets(): Promise<readonly string[]> {
  const files = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => ''));
  return Promise.all(files);
}

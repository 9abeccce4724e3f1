import { readEndpoints, type Endpoint } from '../../envoy/endpoints.ts';
import { grownSamples, readSamples, type Sample } from '../../envoy/prometheus.ts';
import type { Counted } from '../../checks/verify/request-seen.ts';
import type { Host } from '../../host/run/host.ts';
import { type AccessEntry, accessEntry } from '../../mesh/access-entry.ts';
import { Problem } from '../../problems.ts';
import { type LogPart, readAccessLog, readAccessLogAfter } from '../../vm/access-log.ts';
import { readEnvoyPages } from '../../vm/envoy-pages.ts';

/** The sidecar of a VM before a request. */
export interface VmBefore {
  readonly host: Host;
  readonly log?: LogPart;
  /** Why its log could not be read. */
  readonly unread?: string;
  readonly endpoints: readonly Endpoint[];
  readonly samples: readonly Sample[];
}

/** What the sidecar of a VM added since. */
export interface VmSince {
  readonly entries: readonly AccessEntry[];
  readonly counted: readonly Counted[];
  readonly counters: readonly Sample[];
}

const COUNTERS = new Set(['istio_requests_total', 'istio_tcp_connections_opened_total']);
/** `server.live` is always there: a page without a line would count as no answer. */
const PAGES = [
  'clusters?format=json',
  'stats/prometheus?filter=server.live%7Cistio_requests_total%7Cistio_tcp_connections_opened_total',
];

/** Reads counters and log position of a VM. Throws Problems of Envoy's admin interface. */
export async function watchVm(host: Host, signal: AbortSignal): Promise<VmBefore> {
  const [counted, log] = await Promise.all([readCounters(host, signal), logOf(host, signal)]);
  return { host, ...counted, ...log };
}

async function readCounters(host: Host, signal: AbortSignal) {
  const [clusters = '', stats = ''] = await readEnvoyPages(host, PAGES, { signal });
  return { endpoints: readEndpoints(clusters), samples: readSamples(stats, COUNTERS) };
}

/** Only root reads the log; without sudo the rest is still seen. */
async function logOf(host: Host, signal: AbortSignal): Promise<Pick<VmBefore, 'log' | 'unread'>> {
  try {
    return { log: await readAccessLog(host, 1, signal) };
  } catch (error) {
    if (!(error instanceof Problem) || signal.aborted) throw error;
    return { unread: error.message };
  }
}

/** How long lines of a request are waited for. */
const LOG_SECONDS = 3;

/** Reads what the request added. `done`: whether all lines are there that can be expected. */
export async function seenSince(
  before: VmBefore,
  done: (entries: readonly AccessEntry[]) => boolean,
  signal: AbortSignal,
): Promise<VmSince> {
  const { host } = before;
  const entries =
    before.log === undefined || before.log.logging === false ? [] : await newEntries(before, done, signal);
  const after = await readCounters(host, signal);
  return {
    entries,
    counted: grownEndpoints(host.name, before.endpoints, after.endpoints),
    counters: grownSamples(before.samples, after.samples),
  };
}

async function newEntries(
  { host, log }: VmBefore,
  done: (entries: readonly AccessEntry[]) => boolean,
  signal: AbortSignal,
): Promise<readonly AccessEntry[]> {
  const entries: AccessEntry[] = [];
  const end = performance.now() + LOG_SECONDS * 1000;
  for (let part = log; part !== undefined && !done(entries) && performance.now() < end;) {
    // Envoy flushes its log once a second; reopening flushes it now.
    await readEnvoyPages(host, ['reopen_logs'], { method: 'POST', signal });
    part = await readAccessLogAfter(host, part, { seconds: 1, signal });
    entries.push(...part.lines.flatMap((line) => accessEntry(line, { source: host.name }) ?? []));
  }
  return entries;
}

/** Clusters that carry traffic of applications. */
const CARRIES = /^(?:inbound|outbound)[|_]|Passthrough|^BlackHoleCluster$/;

/** Counters of endpoints that grew. An endpoint that was not there before began at 0. */
function grownEndpoints(proxy: string, before: readonly Endpoint[], after: readonly Endpoint[]): readonly Counted[] {
  const keyOf = ({ cluster, address }: Endpoint): string => `${cluster} ${address}`;
  const known = new Map(before.map((endpoint) => [keyOf(endpoint), endpoint]));
  return after.flatMap((endpoint) => {
    const { cluster, address, counters } = endpoint;
    if (!CARRIES.test(cluster)) return [];
    const former = known.get(keyOf(endpoint))?.counters ?? {};
    const grown = (name: string): number => Math.max(0, (counters[name] ?? 0) - (former[name] ?? 0));
    const [connections, requests] = [grown('cx_total'), grown('rq_total')];
    const failed = grown('cx_connect_fail') + grown('rq_error');
    return connections + requests + failed === 0
      ? []
      : [{ proxy, cluster, endpoint: address, connections, requests, failed }];
  });
}

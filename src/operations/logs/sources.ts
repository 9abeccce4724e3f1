import type { Kubernetes, PodLogQuery } from '../../cluster/api/kubernetes.ts';
import type { Host } from '../../host/run/host.ts';
import { type AccessEntry, accessEntry, isOfRole } from '../../mesh/access-entry.ts';
import { manifestProblems } from '../../problems/manifests.ts';
import { followAccessLog, readAccessLog } from '../../vm/access-log.ts';

/** A proxy whose access log is read: that of a VM, or of a pod. */
export type LogSource = { readonly name: string; readonly role?: AccessEntry['role'] } & (
  | { readonly kind: 'vm'; readonly host: Host }
  | { readonly kind: 'pod'; readonly kube: Kubernetes; readonly namespace: string; readonly pod: string }
);

/** The lines of one source that are there, how they go on, and what an operator should know about it. */
export interface OpenedLog {
  readonly entries: readonly AccessEntry[];
  readonly notes: readonly string[];
  readonly more: (signal: AbortSignal) => AsyncIterable<AccessEntry>;
}

/** Opens the log of a source. `tail`: how many lines of it. Throws Problems of the VM and of the API server. */
export async function openLog(source: LogSource, tail: number, signal: AbortSignal): Promise<OpenedLog> {
  return source.kind === 'vm' ? await openVm(source, tail, signal) : await openPod(source, tail, signal);
}

async function openVm(
  source: Extract<LogSource, { kind: 'vm' }>,
  tail: number,
  signal: AbortSignal,
): Promise<OpenedLog> {
  const part = await readAccessLog(source.host, tail, signal);
  return {
    entries: part.lines.flatMap((line) => entryOf(line, source)),
    notes: part.logging === false ? [`${source.name}: ${OFF}`] : [],
    more: (until) => entriesOf(followAccessLog(source.host, part, until), source),
  };
}

const OFF =
  'access logging is off, so its sidecar writes no lines; turn it on with accessLogFile: /dev/stdout in meshConfig, or with a Telemetry resource';

/** Lines of a log that begins again where it is followed; none may come twice, and none be missed in between. */
const OVERLAP = 200;

async function openPod(
  source: Extract<LogSource, { kind: 'pod' }>,
  tail: number,
  signal: AbortSignal,
): Promise<OpenedLog> {
  const { kube, namespace, pod, name } = source;
  const query = { namespace, pod, container: 'istio-proxy', tail: Math.max(tail, OVERLAP) } as const;
  const lines: string[] = [];
  for await (const line of await logOf(kube, { ...query, follow: false }, signal)) lines.push(line);
  const entries = lines.slice(-tail).flatMap((line) => entryOf(line, source));
  const none = `${name}: no line of an access log among its last ${tail} lines; access logging may be off there`;
  return {
    entries,
    notes: entries.length === 0 ? [none] : [],
    more: async function* (until) {
      const known = new Set(lines);
      for await (const line of await logOf(kube, { ...query, follow: true }, until))
        if (!known.has(line)) yield* entryOf(line, source);
    },
  };
}

/** Throws `no-pod-logs` for a folder of manifests. */
function logOf(kube: Kubernetes, query: PodLogQuery, signal: AbortSignal): Promise<AsyncIterable<string>> {
  if (!kube.podLog) throw manifestProblems.noPodLogs({ cluster: kube.name });
  return kube.podLog(query, signal);
}

async function* entriesOf(lines: AsyncIterable<string>, source: LogSource): AsyncIterable<AccessEntry> {
  for await (const line of lines) yield* entryOf(line, source);
}

function entryOf(line: string, { name, role }: LogSource): readonly AccessEntry[] {
  const entry = accessEntry(line, { source: name, ...(role && { role }) });
  return entry && isOfRole(entry) ? [entry] : [];
}

import { setTimeout as delay } from 'node:timers/promises';
import type { LogSide } from '../../checks/verify/request-seen.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { type AccessEntry, accessEntry } from '../../mesh/access-entry.ts';
import { Problem } from '../../problems.ts';

/** A pod with a proxy. */
export interface PodProxy {
  readonly kube: Kubernetes;
  readonly namespace: string;
  readonly pod: string;
  readonly role: 'client' | 'server';
}

/** Envoy flushes the log of a container once a second. */
const LIMIT_MS = 3000;
const PAUSE_MS = 300;
const TAIL = 500;

/** The last lines of the access log of a pod's proxy, read until those that are wanted are there. */
export async function podLines(
  { kube, namespace, pod, role }: PodProxy,
  done: (entries: readonly AccessEntry[]) => boolean,
  signal: AbortSignal,
): Promise<{ readonly entries: readonly AccessEntry[]; readonly side: LogSide }> {
  const name = `${pod}.${namespace}`;
  const end = performance.now() + LIMIT_MS;
  try {
    for (;;) {
      const entries = await lastEntries(kube, { namespace, pod, source: name, role }, signal);
      const logging = entries.length > 0 ? 'on' : 'unknown';
      if (done(entries) || performance.now() > end) return { entries, side: { name, role, logging } };
      await delay(PAUSE_MS, undefined, { signal });
    }
  } catch (error) {
    if (!(error instanceof Problem) || signal.aborted) throw error;
    return { entries: [], side: { name, role, logging: { unread: error.message } } };
  }
}

/** The lines that are in the log of a pod's proxy now, as they are; none where the log cannot be read. */
export async function knownLines({ kube, ...pod }: PodProxy, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return (await lastEntries(kube, { ...pod, source: pod.pod }, signal)).map(({ raw }) => raw);
  } catch (error) {
    if (!(error instanceof Problem) || signal.aborted) throw error;
    return [];
  }
}

async function lastEntries(
  kube: Kubernetes,
  { namespace, pod, ...from }: Pick<PodProxy, 'namespace' | 'pod' | 'role'> & { readonly source: string },
  signal: AbortSignal,
): Promise<readonly AccessEntry[]> {
  const query = { namespace, pod, container: 'istio-proxy', tail: TAIL, follow: false };
  const entries: AccessEntry[] = [];
  for await (const line of (await kube.podLog?.(query, signal)) ?? [])
    entries.push(...[accessEntry(line, from) ?? []].flat());
  return entries;
}

import { MANAGED_BY, type KubeObject } from '../../mesh/kube-object.ts';
import { READY } from '../../mesh/workload-labels.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { nudgeOf, type Relabel } from '../api/plan.ts';

/** istiod treats an entry with it as unhealthy until its condition changes, and creates no endpoint. */
const HEALTH_CHECKED = 'proxy.istio.io/health-checks-enabled';
const NUDGE = 'meshx.dev/nudge';
/** From TEST-NET-1 (RFC 5737): no machine has it. */
const NOWHERE = '192.0.2.1';

/** A dead run may leave a nudge behind. It serves nothing. */
export function isNudge(entry: KubeObject): boolean {
  return entry.metadata.annotations?.[NUDGE] !== undefined;
}

/**
 * Makes istiod recompute Services that no longer select an entry. istiod recomputes only those that select it now
 * (workloadInstanceHandler of its Kubernetes registry), so clients would keep an endpoint with a numeric target port. A
 * new entry that is unhealthy from the start triggers the Services that it names, and is never an endpoint.
 */
export async function nudge(kube: Kubernetes, { ref, nudge: left = [] }: Relabel, signal?: AbortSignal): Promise<void> {
  if (left.length === 0) return;
  const { apiVersion, kind, ...place } = nudgeOf(ref);
  const entry: KubeObject = {
    apiVersion,
    kind,
    metadata: {
      ...place,
      labels: MANAGED_BY,
      annotations: { [HEALTH_CHECKED]: 'true', [NUDGE]: ref.name },
    },
    spec: { address: NOWHERE, labels: Object.fromEntries(left.map((key) => [key, READY])) },
  };
  await kube.apply(entry, signal ? { signal } : {});
  await kube.delete(nudgeOf(ref), signal);
}

import { NETWORKING } from '../../mesh/current/objects.ts';
import { MANAGED_BY, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { READY, SERVICE_LABEL_PREFIX } from '../../mesh/workload-labels.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { ClusterPlan, Relabel } from '../api/plan.ts';

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
 * Makes istiod recompute the Services that an entry no longer selects. istiod recomputes only those that the entry
 * selects now (workloadInstanceHandler of its Kubernetes registry), so clients would keep the endpoint. A new entry
 * that is unhealthy from the start triggers the Services that it names, and is never an endpoint.
 */
export async function nudge(kube: Kubernetes, { ref, labels }: Relabel, signal?: AbortSignal): Promise<void> {
  const left = leftServices(labels);
  if (!kube.live || left.length === 0 || ref.namespace === undefined) return;
  const name = nameOf(ref);
  const place: ObjectRef = { apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace: ref.namespace, name };
  const entry: KubeObject = {
    apiVersion: NETWORKING,
    kind: 'WorkloadEntry',
    metadata: {
      name,
      namespace: ref.namespace,
      labels: MANAGED_BY,
      annotations: { [HEALTH_CHECKED]: 'true', [NUDGE]: ref.name },
    },
    spec: { address: NOWHERE, labels: Object.fromEntries(left.map((key) => [key, READY])) },
  };
  await kube.apply(entry, signal ? { signal } : {});
  await kube.delete(place, signal);
}

/** The nudges that follow a plan's labels, in the imperative. Pure. */
export function nudgeLines(
  { live }: Pick<Kubernetes, 'live'>,
  { relabel }: Pick<ClusterPlan, 'relabel'>,
): readonly string[] {
  if (!live) return [];
  return relabel.flatMap(({ ref, labels }) =>
    leftServices(labels).length === 0 || ref.namespace === undefined
      ? []
      : [`create and delete WorkloadEntry ${ref.namespace}/${nameOf(ref)}, so that istiod drops the endpoint`],
  );
}

function leftServices(labels: Relabel['labels']): readonly string[] {
  return Object.entries(labels).flatMap(([key, value]) =>
    key.startsWith(SERVICE_LABEL_PREFIX) && value !== READY ? [key] : [],
  );
}

function nameOf({ name }: ObjectRef): string {
  return `nudge-${name}`.slice(0, 253);
}

import { NETWORKING } from '../../mesh/current/objects.ts';
import { MANAGED_BY, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { READY, SERVICE_LABEL_PREFIX } from '../../mesh/workload-labels.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { ClusterPlan, Relabel } from '../api/plan.ts';

/** istiod takes an entry with it for unhealthy until its condition says otherwise, and never makes an endpoint of it. */
const HEALTH_CHECKED = 'proxy.istio.io/health-checks-enabled';
const NUDGE = 'meshx.dev/nudge';
/** Of TEST-NET-1 (RFC 5737): nobody's. */
const NOWHERE = '192.0.2.1';

/** True for an entry that a dead run left behind between two requests. It serves nothing. */
export function isNudge(entry: KubeObject): boolean {
  return entry.metadata.annotations?.[NUDGE] !== undefined;
}

/**
 * Makes istiod look again at the Services that a change of labels takes an entry out of. It computes endpoints anew for the
 * Services that an entry selects now (workloadInstanceHandler of its Kubernetes registry), not for those that it selected
 * before, so that clients would keep the endpoint. An entry that is unhealthy from its first moment is such an event for
 * the Services that it names, and is an endpoint of none.
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

/** The nudges of a plan, imperative: they are made with its labels. Pure. */
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

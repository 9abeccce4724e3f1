import { sidecarOf } from '../../checks/verify/injection.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { Problem } from '../../problems.ts';
import { verifyProblems } from '../../problems/verify.ts';
import type { PodPlace } from './places.ts';

interface Wanted {
  readonly namespace: string;
  /** Name of the pod, or the value of its label `app`; any pod when absent. */
  readonly name?: string;
  readonly signal: AbortSignal;
}

/** A running pod with a sidecar, and a container of its application. Throws `verify-pod-unknown`. */
export async function findPod(kube: Kubernetes, { namespace, name, signal }: Wanted): Promise<PodPlace> {
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace };
  const named = name === undefined ? undefined : await kube.get({ ...ref, name }, signal);
  const selector = name === undefined ? {} : { labelSelector: `app=${name}` };
  const pods = named ? [named] : await kube.list({ ...ref, ...selector }, signal);
  const [found] = pods.flatMap((pod) => placeOf(kube, pod) ?? []);
  if (found) return found;
  throw verifyProblems.podUnknown({ pod: name ?? '', namespace, cluster: kube.name });
}

function placeOf(kube: Kubernetes, pod: KubeObject): PodPlace | undefined {
  const containers = list(mapping(pod['spec'])['containers']).map((each) => text(mapping(each)['name']) ?? '');
  const container = containers.find((each) => each !== '' && each !== 'istio-proxy');
  const isRunning = mapping(pod['status'])['phase'] === 'Running' && pod.metadata['deletionTimestamp'] === undefined;
  if (container === undefined || !isRunning || !sidecarOf(pod)) return undefined;
  return { kube, namespace: pod.metadata.namespace ?? 'default', pod: pod.metadata.name, container };
}

/** The same for a service that can be verified without a pod: why there is none. */
export async function callingPod(kube: Kubernetes, wanted: Wanted): Promise<PodPlace | { readonly missing: string }> {
  try {
    return await findPod(kube, wanted);
  } catch (error) {
    if (!(error instanceof Problem) || wanted.signal.aborted) throw error;
    return { missing: error.message };
  }
}

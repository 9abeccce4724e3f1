import type { KubeObject, ObjectRef } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

/** An object that the operator may not be allowed to read; undefined then. */
export async function readOptional(
  kube: Kubernetes,
  ref: ObjectRef,
  signal?: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await kube.get(ref, signal);
  } catch (error) {
    if (error instanceof Problem && error.id === clusterProblems.forbidden.id) return undefined;
    throw error;
  }
}

/** `1.29.1` of `docker.io/istio/pilot:1.29.1-distroless`; undefined for a digest or another tag. */
export function imageVersion(deployment: KubeObject | undefined): string | undefined {
  const template = mapping(mapping(deployment?.['spec'])['template']);
  const images = list(mapping(template['spec'])['containers']).map((each) => text(mapping(each)['image']) ?? '');
  const versions = images.map((image) => /:(\d+\.\d+(?:\.\d+)?)[^/]*$/.exec(image)?.[1]);
  return versions.find((version) => version !== undefined);
}

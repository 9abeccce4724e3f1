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

/**
 * The whole tag of istiod's image, or else the version in its labels, as Istio's charts set it: `1.29.1-distroless`. undefined for a
 * digest without both.
 */
export function imageTag(deployment: KubeObject | undefined): string | undefined {
  const template = mapping(mapping(deployment?.['spec'])['template']);
  const containers = list(mapping(template['spec'])['containers']).map(mapping);
  const istiod = containers.find(({ name }) => name === 'discovery') ?? containers[0];
  const tag = /:(\w[\w.-]{0,127})(?:@[\w:]+)?$/.exec(text(istiod?.['image']) ?? '')?.[1];
  return tag ?? deployment?.metadata.labels?.['app.kubernetes.io/version'];
}

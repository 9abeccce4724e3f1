import type { GenerationName } from '../../mesh/generation.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { FactsOptions } from './facts-options.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { configMapRef, revisionSuffix, serviceRef } from '../api/refs.ts';
import { byRevision } from './revision-tag.ts';

/**
 * The generation of the control plane in the namespace. Both have a ConfigMap `istio`, so the Services decide. A
 * cluster whose istiod runs elsewhere has only the ConfigMap. Throws `istio-not-found`.
 */
export function detectGeneration(kube: Kubernetes, options: FactsOptions): Promise<GenerationName> {
  return byRevision(kube, options, (resolved) => generationOf(kube, resolved));
}

/** The same, for a revision that is not a tag. */
export async function generationOf(kube: Kubernetes, options: FactsOptions): Promise<GenerationName> {
  if (options.release !== undefined) return 'classic';
  const suffix = revisionSuffix(options.revision);
  const istiodRef = serviceRef(options.istioNamespace, `istiod${suffix}`);
  const istiod = await kube.get(istiodRef, options.signal);
  if (istiod !== undefined) return 'current';
  const looked = [
    serviceRef(options.istioNamespace, 'istio-pilot'),
    serviceRef(options.istioNamespace, 'istio-pilot-ilb'),
    configMapRef(options.istioNamespace, `istio${suffix}`),
  ];
  const found = await Promise.all(looked.map((ref) => kube.get(ref, options.signal)));
  const [pilot, pilotBalancer, meshConfig] = found;
  if (pilot !== undefined || pilotBalancer !== undefined) return 'classic';
  if (meshConfig !== undefined) return 'current';
  throw clusterProblems.istioNotFound({
    cluster: kube.name,
    namespace: options.istioNamespace,
    looked: [istiodRef, ...looked].map((ref) => `${ref.kind} ${ref.name}`),
  });
}

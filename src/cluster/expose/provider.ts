import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

export type Provider = 'gcp' | 'azure' | 'aws' | 'none';

/** Annotations that make a Service of type LoadBalancer an internal one, by who makes the load balancer. */
export const INTERNAL: Readonly<Record<Provider, Readonly<Record<string, string>>>> = {
  // The first key is that of the classic manifests, the second the one of today's GKE.
  gcp: {
    'cloud.google.com/load-balancer-type': 'internal',
    'networking.gke.io/load-balancer-type': 'Internal',
  },
  azure: { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' },
  aws: {
    'service.beta.kubernetes.io/aws-load-balancer-internal': 'true',
    'service.beta.kubernetes.io/aws-load-balancer-scheme': 'internal',
  },
  none: {},
};

const BY_SCHEME: Readonly<Record<string, Provider>> = { gce: 'gcp', azure: 'azure', aws: 'aws' };

/** The provider that the cluster's nodes name (spec.providerID, `gce://…`); `none` when they name none. */
export async function detectProvider(kube: Kubernetes, signal?: AbortSignal): Promise<Provider> {
  const nodes = await kube.list({ apiVersion: 'v1', kind: 'Node' }, signal);
  return nodes.map(providerOf).find((provider) => provider !== undefined) ?? 'none';
}

function providerOf(node: KubeObject): Provider | undefined {
  const scheme = /^([a-z]+):\/\//.exec(text(mapping(node['spec'])['providerID']) ?? '')?.[1];
  return BY_SCHEME[scheme ?? ''];
}

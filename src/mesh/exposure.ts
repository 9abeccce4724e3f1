export const PROVIDERS = ['gcp', 'azure', 'aws', 'none'] as const;

/** The cloud that makes load balancers. */
export type Provider = (typeof PROVIDERS)[number];

/** How VMs reach the control plane: an internal load balancer, a free address of the nodes' network, a port of every node. */
export type Via =
  | { readonly kind: 'loadbalancer'; readonly provider: Provider }
  | { readonly kind: 'external-ip'; readonly address: string }
  | { readonly kind: 'nodeport' };

/** Annotations that make a Service of type LoadBalancer an internal one. */
export const INTERNAL: Readonly<Record<Provider, Readonly<Record<string, string>>>> = {
  // Istio's classic manifests have the first key, GKE today reads the second.
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

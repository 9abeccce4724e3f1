import type { ClusterOptions } from '../operations/connection/cluster.ts';

/** The options by which kubectl reaches the same cluster. */
export function kubectlWords({ connect: { kubeconfig, context, manifests } }: ClusterOptions): readonly string[] {
  if (manifests !== undefined) return [];
  const file = kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];
  return context === undefined ? file : [...file, '--context', context];
}

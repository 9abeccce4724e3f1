import type { ConnectKubernetesOptions, Kubernetes } from './kubernetes.ts';

/** Opens the operator's cluster, or a folder of manifests. Only the adapter that is used is loaded. */
export async function connectKubernetes(options: ConnectKubernetesOptions): Promise<Kubernetes> {
  if (options.manifests !== undefined) {
    const { openManifests } = await import('./manifests/manifest-folder.ts');
    return openManifests(options.manifests);
  }
  const { connectLive } = await import('./live/live-kubernetes.ts');
  return connectLive(options);
}

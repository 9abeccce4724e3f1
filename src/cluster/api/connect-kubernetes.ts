import type { ConnectKubernetesOptions, Kubernetes } from './kubernetes.ts';

/** The cluster of the operator. An adapter is loaded when it is asked for. */
export async function connectKubernetes(options: ConnectKubernetesOptions): Promise<Kubernetes> {
  if (options.manifests !== undefined) {
    const { openManifests } = await import('./manifests/manifest-folder.ts');
    return openManifests(options.manifests);
  }
  const { connectLive } = await import('./live/live-kubernetes.ts');
  return connectLive(options);
}

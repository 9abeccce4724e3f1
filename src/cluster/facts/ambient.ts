import type { KubeObject, ObjectRef } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import { readOptional } from './deployment-version.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

/** Facts of the control plane that were read already. */
export interface AmbientSigns {
  readonly istioNamespace: string;
  /** istiod's Deployment, when it may be read. */
  readonly deployment: KubeObject | undefined;
  /** defaultConfig of the mesh config. */
  readonly defaultConfig: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

/**
 * Whether clients may come through ztunnel. One sign is enough: istiod serves ambient clients, the mesh config turns on
 * HBONE, ztunnel is installed, or a namespace in a folder of manifests is labelled for it. An object that may not be
 * read counts as absent. Namespaces of a live cluster are not listed, because that needs a right on the whole cluster.
 */
export async function hasAmbient(kube: Kubernetes, signs: AmbientSigns): Promise<boolean> {
  const { istioNamespace, deployment, defaultConfig, signal } = signs;
  if (istiodServesAmbient(deployment)) return true;
  if (String(mapping(defaultConfig['proxyMetadata'])['ISTIO_META_ENABLE_HBONE']) === 'true') return true;
  if ((await readOptional(kube, ztunnelRef(istioNamespace), signal)) !== undefined) return true;
  if (kube.live) return false;
  const query = { apiVersion: 'v1', kind: 'Namespace', labelSelector: 'istio.io/dataplane-mode=ambient' };
  return (await kube.list(query, signal)).length > 0;
}

/** The DaemonSet by which a node serves ambient workloads. */
export function ztunnelRef(istioNamespace: string): ObjectRef {
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: istioNamespace, name: 'ztunnel' };
}

function istiodServesAmbient(deployment: KubeObject | undefined): boolean {
  const template = mapping(mapping(deployment?.['spec'])['template']);
  const containers = list(mapping(template['spec'])['containers']).map(mapping);
  const variables = containers.flatMap((container) => list(container['env'])).map(mapping);
  return variables.some(({ name, value }) => name === 'PILOT_ENABLE_AMBIENT' && String(value) === 'true');
}

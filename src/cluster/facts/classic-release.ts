import type { ClassicRelease } from '../../mesh/cluster-facts.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { imageVersion, readOptional } from './deployment-version.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { reachOf } from './load-balancer.ts';
import { serviceRef } from '../api/refs.ts';

/**
 * The release whose file formats a classic cluster uses: by the tag of Pilot's image if it may be read, else by its
 * Services. istio-ca-ilb became citadel-ilb in 0.8; before 0.4 the Pilot load balancer had only port 8080; Galley came
 * with 1.0. Throws `release-unknown`.
 */
export async function classicRelease(
  kube: Kubernetes,
  options: { readonly istioNamespace: string; readonly signal?: AbortSignal },
): Promise<ClassicRelease> {
  const { istioNamespace: namespace, signal } = options;
  const pilot = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'istio-pilot' };
  const byImage = releaseOfVersion(imageVersion(await readOptional(kube, pilot, signal)));
  if (byImage !== undefined) return byImage;
  const names = [
    'istio-ca-ilb',
    'citadel-ilb',
    'istio-galley',
    'istio-pilot-ilb',
    'istiod',
    'istio-pilot',
    'istio-mixer',
  ];
  const services = await Promise.all(names.map((name) => kube.get(serviceRef(namespace, name), signal)));
  const found = new Map(names.map((name, index) => [name, services[index]]));
  const has = (name: string): boolean => found.get(name) !== undefined;
  const balancer = found.get('istio-pilot-ilb');
  const ports = balancer === undefined ? [] : reachOf(balancer).ports.map((port) => port.port);
  if (has('citadel-ilb')) return has('istio-galley') ? '1.0' : '0.8';
  if (has('istiod')) return '1.5';
  if (has('istio-ca-ilb')) return ports.includes(15003) || ports.includes(15005) ? '0.4' : '0.2';
  throw clusterProblems.releaseUnknown({ cluster: kube.name, namespace });
}

/** The formats of a version; undefined for one that had no mesh expansion of this kind. */
function releaseOfVersion(version: string | undefined): ClassicRelease | undefined {
  const [major, minor = 0] = (version ?? '').split('.').map(Number);
  if (major === 1) return minor < 5 ? '1.0' : minor === 5 ? '1.5' : undefined;
  if (major !== 0 || minor < 2 || minor > 8) return undefined;
  return minor < 4 ? '0.2' : minor < 8 ? '0.4' : '0.8';
}

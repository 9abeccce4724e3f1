import { clusterProblems } from '../../../problems/cluster.ts';
import type { ResourceName } from '../kinds.ts';

/** `/api/v1` or `/apis/networking.istio.io/v1`: also where the kinds of a group version are listed. */
export function groupVersionPath(apiVersion: string): string {
  const parts = apiVersion.split('/').map(encodeURIComponent);
  return parts.length === 1 ? `/api/${parts[0]}` : `/apis/${parts.join('/')}`;
}

/** Path of one object, or of all of a kind when no name is given. Hostile names stay inside their segment. */
export function resourcePath(
  resource: ResourceName,
  ref: { readonly apiVersion: string; readonly namespace?: string; readonly name?: string },
): string {
  const inNamespace =
    resource.namespaced && ref.namespace !== undefined ? ['namespaces', ref.namespace, resource.plural] : [];
  const segments = [...(inNamespace.length > 0 ? inNamespace : [resource.plural])];
  if (ref.name !== undefined) segments.push(ref.name);
  return `${groupVersionPath(ref.apiVersion)}/${segments.map(encodeSegment).join('/')}`;
}

function encodeSegment(segment: string): string {
  // `..` climbs to another resource when a URL is parsed, also in its encoded form; no object has such a name.
  if (!/^\.*$/.test(segment)) return encodeURIComponent(segment);
  throw clusterProblems.refused({ object: JSON.stringify(segment), reason: 'this is no name of an object' });
}

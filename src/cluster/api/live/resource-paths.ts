import { clusterProblems } from '../../../problems/cluster.ts';
import { knownResource } from '../kinds.ts';

/**
 * Path of one object, or of every object of a kind when no name is given. A hostile name stays inside its segment. Throws
 * `cluster-refused-object` for a name that climbs out of it.
 */
export function resourcePath(ref: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name?: string;
}): string {
  const { apiVersion, kind, namespace, name } = ref;
  const { plural, namespaced } = knownResource(ref) ?? unknownKind(kind);
  const place = namespaced && namespace !== undefined ? ['namespaces', namespace] : [];
  const root = apiVersion.includes('/') ? 'apis' : 'api';
  const segments = [root, ...apiVersion.split('/'), ...place, plural, ...(name === undefined ? [] : [name])];
  return `/${segments.map(encodeSegment).join('/')}`;
}

function unknownKind(kind: string): never {
  throw new Error(`kinds.ts has no plural for ${kind}`);
}

function encodeSegment(segment: string): string {
  // A URL parser follows `..` even when it is percent-encoded. No object has such a name.
  if (!/^\.*$/.test(segment)) return encodeURIComponent(segment);
  throw clusterProblems.refused({ object: JSON.stringify(segment), reason: 'this is no name of an object' });
}

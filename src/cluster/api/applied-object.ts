import { madeByMeshx, type KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import { FIELD_MANAGER } from './kubernetes.ts';

const METADATA = ['name', 'namespace', 'labels', 'annotations', 'resourceVersion'];

/**
 * An object as server-side apply takes it: without its status and what the API server keeps in its metadata. The
 * resourceVersion of an object that was read before stays: a change in between is then refused instead of overwritten.
 */
export function appliedObject(object: KubeObject): KubeObject {
  const { name } = object.metadata;
  const metadata = Object.fromEntries(METADATA.flatMap((key) => entry(key, object.metadata[key])));
  const rest = Object.fromEntries(Object.entries(object).filter(([key]) => key !== 'status'));
  return { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata: { ...metadata, name } };
}

function entry(key: string, value: unknown): readonly (readonly [string, unknown])[] {
  return value === undefined ? [] : [[key, value]];
}

/** Whether meshx has written an object, made by itself or by somebody else: it carries meshx's label or its field manager. */
export function appliedByMeshx(object: KubeObject): boolean {
  const managers = list(object.metadata['managedFields']).map((entry) => mapping(entry)['manager']);
  return madeByMeshx(object) || managers.includes(FIELD_MANAGER);
}

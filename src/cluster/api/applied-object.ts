import { madeByMeshx, type KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import { FIELD_MANAGER } from './kubernetes.ts';

const METADATA = ['name', 'namespace', 'labels', 'annotations', 'resourceVersion'];

/**
 * An object as server-side apply takes it: without its status and what the API server keeps in its metadata. The
 * resourceVersion of an object that was read before stays, so the API server refuses to overwrite a change in between.
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

/** Whether meshx wrote an object, its own or another owner's: the object has meshx's label or field manager. */
export function appliedByMeshx(object: KubeObject): boolean {
  const managers = list(object.metadata['managedFields']).map((entry) => mapping(entry)['manager']);
  return madeByMeshx(object) || managers.includes(FIELD_MANAGER);
}

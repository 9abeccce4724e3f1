/** A Kubernetes object from the API server. Its reader must check spec, data and subsets. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** The part of metadata that meshx reads or writes. */
interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly [field: string]: unknown;
}

/** Identifies an object. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export function refOf(object: KubeObject): ObjectRef {
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, name: metadata.name, ...(metadata.namespace && { namespace: metadata.namespace }) };
}

/** An object as people write it: Service vm/mysqldb. */
export function showRef(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace ? `${ref.namespace}/` : ''}${ref.name}`;
}

/** Every object that meshx makes carries this label; only such objects are changed or deleted by meshx. */
export const MANAGED_BY: Readonly<Record<string, string>> = { 'app.kubernetes.io/managed-by': 'meshx' };

/** True for objects that meshx has made. */
export function madeByMeshx(object: KubeObject): boolean {
  return object.metadata.labels?.['app.kubernetes.io/managed-by'] === 'meshx';
}

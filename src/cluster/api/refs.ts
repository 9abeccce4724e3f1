import type { ObjectRef } from '../../mesh/kube-object.ts';

/** A Service by name. */
export function serviceRef(namespace: string, name: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'Service', namespace, name };
}

export function configMapRef(namespace: string, name: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace, name };
}

/** `-canary` for a revision; empty without one and for `default`, as in istioctl. */
export function revisionSuffix(revision: string | undefined): string {
  return revision === undefined || revision === '' || revision === 'default' ? '' : `-${revision}`;
}

/** Where a right is needed: the control plane's namespace, the VM's, the cluster DNS's, or the whole cluster. */
export type RightPlace = 'control plane' | 'workload' | 'kube-system' | 'cluster';

/** Verbs on one resource, as RBAC writes them. */
export interface Right {
  readonly place: RightPlace;
  /** API group, empty for the core group. */
  readonly group: string;
  /** Plural, with its subresource: `serviceaccounts/token`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Only these objects; all when absent. */
  readonly names?: readonly string[];
  /** When it is needed, or what is unknown without it, if most runs work without it. */
  readonly optional?: string;
}

export const NETWORKING = 'networking.istio.io';
export const SECURITY = 'security.istio.io';

/**
 * Server-side apply is a patch; the API server asks for `create` too when the object is not there yet.
 * Source: the handler of PATCH in k8s.io/apiserver, pkg/endpoints/handlers/patch.go.
 */
export const APPLY = ['create', 'patch'] as const;

/** A right in the control plane's namespace. */
export const control = (resource: string, verbs: readonly string[], group = ''): Right => {
  return { place: 'control plane', group, resource, verbs };
};
/** A right in the VM's namespace. */
export const workload = (resource: string, verbs: readonly string[], group = ''): Right => {
  return { place: 'workload', group, resource, verbs };
};

export const NODES: Right = { place: 'cluster', group: '', resource: 'nodes', verbs: ['list'] };

/** What a plan needs of a right. */
export function readOnly(right: Right): readonly Right[] {
  const verbs = right.verbs.filter((verb) => ['get', 'list', 'watch'].includes(verb));
  return verbs.length === 0 ? [] : [{ ...right, verbs }];
}

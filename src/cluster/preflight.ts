import type { Access, Kubernetes } from './kubernetes.ts';

/** One statement about the cluster that must be true. */
export interface ClusterCheck {
  readonly id: string;
  /** States the good condition. */
  readonly title: string;
  readonly ok: boolean;
  /** What to do when it is not so. */
  readonly hint: string;
}

export interface ClusterChecksOptions {
  readonly namespace: string;
  readonly istioNamespace: string;
  readonly signal?: AbortSignal;
}

const KINDS = [
  ['networking.istio.io/v1', 'WorkloadEntry'],
  ['networking.istio.io/v1', 'WorkloadGroup'],
  ['networking.istio.io/v1', 'ServiceEntry'],
  ['networking.istio.io/v1', 'Sidecar'],
  ['networking.istio.io/v1', 'VirtualService'],
  ['networking.istio.io/v1', 'DestinationRule'],
] as const;

const READ = ['get', 'list'];
const WRITE = ['get', 'list', 'create', 'patch', 'delete'];

/** Every right that meshx uses in a current cluster: the same table makes the role that is printed. */
export const RIGHTS: readonly Right[] = [
  { where: 'control plane', group: '', resource: 'configmaps', verbs: ['get'] },
  { where: 'control plane', group: '', resource: 'services', verbs: READ },
  { where: 'workload', group: '', resource: 'configmaps', verbs: ['get'] },
  { where: 'workload', group: '', resource: 'services', verbs: WRITE },
  { where: 'workload', group: '', resource: 'serviceaccounts', verbs: ['get', 'create', 'patch'] },
  { where: 'workload', group: '', resource: 'serviceaccounts/token', verbs: ['create'] },
  { where: 'workload', group: 'networking.istio.io', resource: 'workloadgroups', verbs: WRITE },
  { where: 'workload', group: 'networking.istio.io', resource: 'workloadentries', verbs: WRITE },
  { where: 'workload', group: 'networking.istio.io', resource: 'sidecars', verbs: WRITE },
];

export interface Right {
  readonly where: 'control plane' | 'workload';
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
}

/** The kinds that Istio adds are served, and the operator may do what meshx does. Only asks; nothing is changed. */
export async function clusterChecks(kube: Kubernetes, options: ClusterChecksOptions): Promise<readonly ClusterCheck[]> {
  const { signal } = options;
  const kinds = KINDS.map(async ([apiVersion, kind]): Promise<ClusterCheck> => {
    const ok = await kube.serves({ apiVersion, kind }, signal);
    const hint = `Install Istio's custom resource definitions: ${kind} of ${apiVersion} is missing.`;
    return { id: `kind-${kind.toLowerCase()}`, title: `${kind} is served as ${apiVersion}`, ok, hint };
  });
  const rights = RIGHTS.flatMap((right) => right.verbs.map((verb) => checkRight(kube, { right, verb, ...options })));
  return Promise.all([...kinds, ...rights]);
}

async function checkRight(
  kube: Kubernetes,
  asked: ClusterChecksOptions & { readonly right: Right; readonly verb: string },
): Promise<ClusterCheck> {
  const { right, verb, signal } = asked;
  const namespace = right.where === 'workload' ? asked.namespace : asked.istioNamespace;
  const access: Access = { verb, group: right.group, resource: right.resource, namespace };
  const ok = await kube.allowed(access, signal);
  const title = `you may ${verb} ${right.resource} in namespace ${namespace}`;
  const hint = `Have a role with this right bound; see: kubectl auth can-i ${verb} ${right.resource} -n ${namespace}`;
  return { id: `may-${verb}-${right.resource.replace('/', '-')}-${namespace}`, title, ok, hint };
}

import type { Access, Kubernetes } from '../api/kubernetes.ts';
import { rightsOf, type Right } from './rights.ts';
import { mergeRights } from './roles.ts';

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

/** The kinds that Istio adds are served, and the operator may do what meshx does. Only asks; nothing is changed. */
export async function clusterChecks(kube: Kubernetes, options: ClusterChecksOptions): Promise<readonly ClusterCheck[]> {
  const { signal } = options;
  const kinds = KINDS.map(async ([apiVersion, kind]): Promise<ClusterCheck> => {
    const ok = await kube.serves({ apiVersion, kind }, signal);
    const hint = `Install Istio's custom resource definitions: ${kind} of ${apiVersion} is missing.`;
    return { id: `kind-${kind.toLowerCase()}`, title: `${kind} is served as ${apiVersion}`, ok, hint };
  });
  const needed = mergeRights(rightsOf('up')).filter(({ optional }) => optional === undefined);
  const asked = needed.flatMap((right) =>
    right.verbs.flatMap((verb) => (right.names ?? [undefined]).map((name) => ({ right, verb, name }))),
  );
  const rights = asked.map((question) => checkRight(kube, { ...question, ...options }));
  return Promise.all([...kinds, ...rights]);
}

interface Question {
  readonly right: Right;
  readonly verb: string;
  readonly name: string | undefined;
}

async function checkRight(kube: Kubernetes, asked: ClusterChecksOptions & Question): Promise<ClusterCheck> {
  const { right, verb, name, signal } = asked;
  const { group, resource } = right;
  const namespace = right.place === 'workload' ? asked.namespace : asked.istioNamespace;
  const access: Access = { verb, group, resource, namespace, ...(name && { name }) };
  const ok = await kube.allowed(access, signal);
  const what = name === undefined ? resource : `${resource}/${name}`;
  const title = `you may ${verb} ${what} in namespace ${namespace}`;
  const hint = `Have a role with this right bound: meshx rbac up -n ${asked.namespace}; see: kubectl auth can-i ${verb} ${what} -n ${namespace}`;
  return { id: `may-${verb}-${what.replaceAll('/', '-')}-${namespace}`, title, ok, hint };
}

import type { ComputeEngine } from '../../cluster/compute/google-compute.ts';
import type { FactsOptions } from '../../cluster/facts/facts-options.ts';
import { connectKubernetes } from '../../cluster/api/connect-kubernetes.ts';
import type { Asked, Kubernetes } from '../../cluster/api/kubernetes.ts';
import { present } from '../../present.ts';
import { withoutSecrets } from '../../secret-variables.ts';
import type { World } from '../../world.ts';

/** How to reach a cluster, and options about its control plane. */
export interface ClusterOptions {
  readonly connect: {
    readonly kubeconfig?: string;
    readonly context?: string;
    readonly manifests?: string;
    readonly timeoutMs?: number;
  };
  readonly facts: Omit<FactsOptions, 'signal'>;
  readonly place: { readonly project?: string; readonly zone?: string };
}

/** A connected cluster, and the namespace to work in. Every run prints both. */
export interface Cluster {
  readonly kube: Kubernetes;
  readonly namespace: string;
  /** Options of its facts, with the signal of the run. */
  readonly facts: FactsOptions;
}

/**
 * Connects to the cluster. The namespace is the given one, else that of the context, else `default`. With `ofVm` that is only the one of
 * a VM which names none itself, so it is not printed before the VM is asked.
 */
export async function openCluster(
  world: World,
  options: ClusterOptions,
  namespace?: string,
  { ofVm = false }: { readonly ofVm?: boolean } = {},
): Promise<Cluster> {
  const { env, home, signal, note, record } = world;
  const tell = record && ((asked: Asked) => record({ kind: 'request', where: asked.cluster, ...asked }));
  const kube = await connectKubernetes({
    ...options.connect,
    env: withoutSecrets(env),
    home,
    signal,
    say: note,
    ...present({ tell }),
  });
  const used = namespace ?? kube.namespace ?? 'default';
  const shown = ofVm && namespace === undefined ? 'namespace of the VM' : `namespace ${used}`;
  note(`${kube.live ? 'context' : 'manifests'} ${kube.name}, ${shown}`);
  return { kube, namespace: used, facts: { ...options.facts, signal } };
}

/**
 * The options of the facts. Google Cloud is opened only if a cluster is named, because its package costs time and
 * credentials.
 */
export async function withCompute(
  world: World,
  options: ClusterOptions,
  cluster: string | undefined,
): Promise<FactsOptions> {
  const facts = { ...options.facts, signal: world.signal };
  return cluster === undefined ? facts : { ...facts, cluster, compute: await openCompute(world, options) };
}

/** Google Cloud with the operator's credentials. Prints project and zone. */
export async function openCompute(world: World, { place }: ClusterOptions): Promise<ComputeEngine> {
  const { connectCompute } = await import('../../cluster/compute/google-compute.ts');
  const { env, note } = world;
  const compute = await connectCompute({ ...place, env, ...present({ endpoint: env['MESHX_COMPUTE_ENDPOINT'] }) });
  note(`project ${compute.project}${place.zone === undefined ? '' : `, zone ${place.zone}`}`);
  return compute;
}

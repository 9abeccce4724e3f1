import type { ComputeEngine } from '../cluster/compute/compute-engine.ts';
import type { FactsOptions } from '../cluster/facts-options.ts';
import type { Asked, Kubernetes } from '../cluster/kubernetes.ts';
import { connectKubernetes } from '../cluster/connect-kubernetes.ts';
import { parseCidrs } from '../mesh/address.ts';
import type { ClassicRelease } from '../mesh/cluster-facts.ts';
import { parseName } from '../mesh/names.ts';
import { resolve } from 'node:path';
import type { Input } from './input.ts';
import { stepTimeoutMs } from './time-limits.ts';
import { withoutSecrets } from './secret-variables.ts';
import { present } from '../present.ts';

const RELEASES: readonly ClassicRelease[] = ['0.2', '0.4', '0.8', '1.0', '1.5'];
const WAIT_SECONDS = 300;

/** What was said about the cluster. */
export interface ClusterInput {
  readonly connect: {
    readonly kubeconfig?: string;
    readonly context?: string;
    readonly manifests?: string;
    readonly timeoutMs?: number;
  };
  readonly facts: FactsOptions;
  readonly place: { readonly project?: string; readonly zone?: string };
}

/** Reads CLUSTER_OPTIONS and ISTIOD_OPTIONS. Issues are collected in the input. */
export function clusterInput(input: Input): ClusterInput {
  const { cwd, note, signal } = input.call.world;
  const path = (name: string): string | undefined => {
    const text = input.text(name);
    return text === undefined ? undefined : resolve(cwd, text);
  };
  const seconds = input.number('timeout', [1, 86_400]) ?? WAIT_SECONDS;
  const waiting = { timeoutMs: seconds * 1000, note };
  const cidrs = input.list('serviceCidr').join(',');
  return {
    connect: present({
      kubeconfig: path('kubeconfig'),
      context: input.text('context'),
      manifests: path('manifests'),
      timeoutMs: stepTimeoutMs(input),
    }),
    place: present({ project: input.text('project'), zone: input.text('zone') }),
    facts: {
      istioNamespace: input.parsed('istioNamespace', (text) => parseName(text, 'namespace')) ?? 'istio-system',
      signal,
      ...present({
        revision: input.parsed('revision', (text) => parseName(text, 'revision')),
        serviceCidr: cidrs === '' ? undefined : input.attempt('--service-cidr', () => parseCidrs(cidrs).join(',')),
        address: input.text('istiodAddress'),
        gateway: input.text('gateway'),
        release: input.choice('release', RELEASES),
        clusterDomain: input.parsed('clusterDomain', (text) => parseName(text, 'subdomain')),
        clusterId: input.text('clusterId'),
        wait: input.flag('wait') ? waiting : undefined,
      }),
    },
  };
}

/** The cluster, connected, and the namespace to work in. Both are said on stderr: every command prints where it acts. */
export interface Cluster {
  readonly kube: Kubernetes;
  readonly namespace: string;
}

/** Order: --namespace, MESHX_NAMESPACE, SERVICE_NAMESPACE, the context's namespace, `default`. */
export async function openCluster(input: Input, words: ClusterInput, namespace?: string): Promise<Cluster> {
  const { env, home, signal, note, record } = input.call.world;
  const tell = record && ((asked: Asked) => record({ kind: 'request', where: asked.cluster, ...asked }));
  const kube = await connectKubernetes({
    ...words.connect,
    env: withoutSecrets(env),
    home,
    signal,
    say: note,
    ...present({ tell }),
  });
  const used = namespace ?? kube.namespace ?? 'default';
  note(`${kube.live ? 'context' : 'manifests'} ${kube.name}, namespace ${used}`);
  return { kube, namespace: used };
}

/** Google Cloud, only when something was said that needs it: its package costs time and credentials. */
export async function withCompute(
  input: Input,
  words: ClusterInput,
  cluster: string | undefined,
): Promise<FactsOptions> {
  if (cluster === undefined) return words.facts;
  return { ...words.facts, cluster, compute: await openCompute(input, words) };
}

/** Google Cloud by the operator's credentials; project and zone are said on stderr. */
export async function openCompute(input: Input, { place }: ClusterInput): Promise<ComputeEngine> {
  const { connectCompute } = await import('../cluster/compute/connect-compute.ts');
  const { env, note } = input.call.world;
  const compute = await connectCompute({ ...place, env, ...present({ endpoint: env['MESHX_COMPUTE_ENDPOINT'] }) });
  note(`project ${compute.project}${place.zone === undefined ? '' : `, zone ${place.zone}`}`);
  return compute;
}

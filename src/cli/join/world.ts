import { join } from 'node:path';
import { gatherClusterFacts } from '../../cluster/facts.ts';
import type { Kubernetes } from '../../cluster/kubernetes.ts';
import type { Host } from '../../host/host.ts';
import { LocalHost } from '../../host/local-host.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { MtlsPolicies } from '../../mesh/mutual-tls.ts';
import type { Runtime } from '../../runtime.ts';
import type { MeshTarget } from '../../vm/prove-input.ts';
import { openSidecarPackage } from '../../vm/sidecar-package.ts';
import { openCluster } from '../cluster.ts';
import type { Input } from '../input.ts';
import { present } from '../workload-input.ts';
import { findMeshTarget } from './mesh-target.ts';
import { readPolicies } from './security.ts';
import type { JoinWords } from './words.ts';

export type OpenedPackage = Awaited<ReturnType<typeof openSidecarPackage>>;

/** What all VMs of one run share, gathered once. */
export interface JoinWorld {
  readonly runtime: Runtime;
  readonly words: JoinWords;
  readonly kube: Kubernetes;
  readonly namespace: string;
  readonly facts: ClusterFacts;
  readonly package?: OpenedPackage;
  /** What decides about mutual TLS; absent for a classic cluster. */
  readonly policies?: MtlsPolicies;
  /** The service of the mesh that the proofs reach. */
  readonly meshService?: MeshTarget;
  /** Another VM of the mesh, the client of the proofs. */
  readonly client?: Host;
}

/** The package is read before the cluster is asked, and the cluster before any VM: what can fail cheaply fails first. */
export async function openWorld(input: Input, words: JoinWords): Promise<JoinWorld> {
  const { runtime } = input.call;
  const opened = words.package && (await openPackage(runtime, words.package));
  const { kube, namespace } = await openCluster(input, words.cluster, words.workload.namespace);
  const { facts: options } = words.cluster;
  // Only a classic VM needs the range; a current one captures everything unless a range is given.
  const facts = await gatherClusterFacts(kube, { ...options, namespace });
  const place = { namespace, signal: runtime.signal };
  const { clusterDomain } = facts;
  const [policies, meshService] = await Promise.all([
    readPolicies(kube, facts, place),
    words.meshService && findMeshTarget(kube, words.meshService, { ...place, clusterDomain }),
  ]);
  return { runtime, words, kube, namespace, facts, ...present({ package: opened, policies, meshService }) };
}

async function openPackage(
  runtime: Runtime,
  { from, sha256 }: NonNullable<JoinWords['package']>,
): Promise<OpenedPackage> {
  const { cwd, env, home, signal } = runtime;
  const cache = join(env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'meshx', 'packages');
  await using operator = new LocalHost();
  return openSidecarPackage({ from, cwd, cache, operator, signal, ...present({ sha256 }) });
}

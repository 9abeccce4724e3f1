import { NETWORKING } from '../mesh/current/objects.ts';
import { Problem } from '../problems.ts';
import type { World } from '../world.ts';
import { type ClusterOptions, openCluster } from './connection/cluster.ts';
import { kubeContexts, sshHosts } from './first-run.ts';
import type { NameKind } from './name-kinds.ts';

/** Characters that no shell expands. A name with others is not offered. */
const PLAIN = /^[\w.@:%+/][\w.@:%+/-]*$/;

/** The names, sorted. None where they cannot be read: a completion says nothing. */
export async function knownNames(world: World, kind: NameKind, cluster: ClusterOptions): Promise<readonly string[]> {
  const { env, home } = world;
  const { kubeconfig } = cluster.connect;
  const contexts = () => kubeContexts({ env, home, ...(kubeconfig !== undefined && { kubeconfig }) }).contexts;
  const read = {
    contexts: () => Promise.resolve(contexts().map(({ name }) => name)),
    namespaces: () => listed(world, cluster, { apiVersion: 'v1', kind: 'Namespace' }),
    groups: () => listed(world, cluster, { apiVersion: NETWORKING, kind: 'WorkloadGroup' }),
    hosts: () => sshHosts(world),
  };
  try {
    return [...new Set(await read[kind]())].filter((name) => PLAIN.test(name)).sort();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return kind === 'namespaces'
      ? contexts().flatMap(({ namespace = '' }) => (PLAIN.test(namespace) ? [namespace] : []))
      : [];
  }
}

async function listed(
  world: World,
  options: ClusterOptions,
  query: { readonly apiVersion: string; readonly kind: string },
) {
  const { kube } = await openCluster({ ...world, note: () => undefined }, options);
  const found = await kube.list(query, world.signal);
  return found.map(({ metadata }) => metadata.name);
}

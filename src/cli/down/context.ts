import type { GenerationName } from '../../mesh/generation.ts';
import { detectGeneration } from '../../cluster/facts/detect-generation.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { Problem } from '../../problems.ts';
import type { World } from '../../world.ts';
import { openCluster } from '../../operations/connection/cluster.ts';
import type { DownWords } from './words.ts';

/** What all VMs of one run share. */
export interface DownContext {
  readonly world: World;
  readonly words: DownWords;
  /** Absent with --vm-only. */
  readonly cluster?: OpenedCluster;
}

interface OpenedCluster {
  readonly kube: Kubernetes;
  /** For a machine that does not say its own. */
  readonly namespace: string;
  /** For a machine that does not say it: asked once. Throws `istio-not-found`. */
  readonly generation: () => Promise<GenerationName>;
}

/** Opens the cluster, unless only the machine is asked for. A cluster that cannot be had is no reason to leave a machine as it is. */
export async function openDownContext(world: World, words: DownWords): Promise<DownContext> {
  if (words.only === 'vm') return { world, words };
  try {
    const { kube, namespace, facts } = await openCluster(world, words.cluster, words.namespace);
    let asked: Promise<GenerationName> | undefined;
    const generation = () => (asked ??= detectGeneration(kube, facts));
    return { world, words, cluster: { kube, namespace, generation } };
  } catch (error) {
    if (error instanceof Problem && words.only === undefined) world.note(VM_ALONE);
    throw error;
  }
}

/** Said where the cluster's side fails. */
export const VM_ALONE = 'note: the machine alone, without its cluster, is undone with: --vm-only';

import { clusterGeneration } from '../../cluster/facts/generation.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Member } from './member.ts';

/**
 * Whether no namespace but the one that the VM's record names has a group of the VM's name, and that one has no entry of it. A join that was
 * rolled back leaves such a group. If another namespace has one, or this cannot be seen, the record alone would decide whose
 * registration is removed: it does not.
 */
export async function isOnlyGroupOfName({ registered, question }: Member): Promise<boolean> {
  const { namespace, group, generation, signal } = registered;
  const { membership, groupOfName, kube } = question;
  if (!meshGeneration(generation).hasGroups || group !== groupOfName) return false;
  // Settings of the sidecar's user do not count.
  if (membership?.record?.namespace !== namespace) return false;
  const { own, others } = await clusterGeneration(generation).members(kube, registered);
  if (own.length + others.length > 0) return false;
  try {
    const groups = await kube.list({ apiVersion: NETWORKING, kind: 'WorkloadGroup' }, signal);
    const named = groups.filter(({ metadata }) => metadata.name === group);
    return named.every(({ metadata }) => metadata.namespace === namespace);
  } catch (error) {
    if (!(error instanceof Problem) || error.id !== clusterProblems.forbidden.id) throw error;
    return false;
  }
}

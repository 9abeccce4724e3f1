import { gatherClusterFacts } from '../../cluster/facts/facts.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { VmFile } from '../../mesh/vm-file.ts';
import { present } from '../../present.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';

/** dnsmasq's file of cluster names. `dnsAddress` is where VMs reach the cluster DNS of a current mesh. Only reads. */
export async function generateKubedns(
  world: World,
  cluster: ClusterOptions,
  dnsAddress: string | undefined,
): Promise<VmFile> {
  const { kube, facts: known } = await openCluster(world, cluster);
  const facts = await gatherClusterFacts(kube, { ...known, skip: ['serviceRange'] });
  const text = meshGeneration(facts.generation).kubedns(facts, present({ dnsAddress }));
  return { name: 'kubedns', text, place: '/etc/dnsmasq.d/kubedns', owner: 'root', mode: '0644' };
}

import type { Instance } from '../../cluster/compute/compute-engine.ts';
import type { Inventory } from '../../fleet/compose.ts';
import type { InventorySource } from '../../fleet/schema.ts';
import { present } from '../../present.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import type { World } from '../../world.ts';

type Compute = Extract<InventorySource, { readonly group: string }>;

/**
 * The running instances of a Compute Engine project, by labels, zone and instance group, as hosts of one group of the file. SSH reaches
 * them by their internal addresses. Throws Problems of Google Cloud.
 */
export async function computeInventory(world: World, { compute: query, group }: Compute): Promise<Inventory> {
  const { connectCompute } = await import('../../cluster/compute/google-compute.ts');
  const { env, signal } = world;
  const { project, zone, labels = {}, 'instance-group': instanceGroup } = query;
  if (instanceGroup !== undefined && zone === undefined)
    throw fleetProblems.inventoryFailed({ source: instanceGroup, reason: 'an instance group needs its zone' });
  const place = present({ project, zone, endpoint: env['MESHX_COMPUTE_ENDPOINT'] });
  await using compute = await connectCompute({ ...place, env });
  const found = await compute.listInstances({ labels, ...present({ zone, instanceGroup }) }, signal);
  const running = found.filter(({ status }) => status === 'RUNNING');
  refuseTwins(running, group);
  world.note(`inventory: ${running.length} running instances of project ${compute.project} for group ${group}`);
  const hosts = running.map(({ name, internalAddresses: [address] }) => [name, present({ address })] as const);
  return { groups: { [group]: hosts.map(([name]) => name) }, hosts: Object.fromEntries(hosts) };
}

/** A name is unique in its zone only; the fleet would change one of two machines, and lose the other. */
function refuseTwins(running: readonly Instance[], group: string): void {
  const twin = running.find(({ name }, index) => running.findIndex((other) => other.name === name) !== index);
  if (!twin) return;
  const zones = running.filter(({ name }) => name === twin.name).map(({ zone }) => zone);
  const reason = `${zones.join(' and ')} each have an instance ${twin.name}; name a zone`;
  throw fleetProblems.inventoryFailed({ source: `of group ${group}`, reason });
}

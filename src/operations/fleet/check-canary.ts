import { openMachine } from '../connection/machine.ts';
import type { JoinContext } from '../join/context.ts';
import type { Contexts } from './contexts.ts';
import { type FleetOptions, targetOf } from './options.ts';
import { verifyVm } from '../verify/verify-vm.ts';
import { present } from '../../present.ts';

const SOAK_SECONDS = 60;

/** How the canaries of a fleet are watched. */
export function canaryOf(options: FleetOptions, contexts: Contexts) {
  const { soak = SOAK_SECONDS, verify = true } = options.fleet.rollout.canary ?? {};
  const check = async (vm: string): Promise<readonly string[]> => {
    const target = targetOf(options, vm);
    return verify ? await checkCanary(await contexts.of(target.options), target.vm.address ?? vm) : [];
  };
  return { seconds: soak, check };
}

/**
 * What is wrong with a canary after its soak: the checks of a join, with live traffic, on the VM as it is then. An image runs nothing.
 * Throws Problems of reaching the VM or the cluster.
 */
async function checkCanary({ world, options, kube, namespace }: JoinContext, name: string): Promise<readonly string[]> {
  const { machine, cluster, meshService, repeated } = options;
  const { signal } = world;
  if (machine.root !== undefined) return [];
  await using host = await openMachine(world, machine, name);
  const asked = { ...cluster.facts, signal };
  const { groups } = await verifyVm({
    ...{ kube, host, facts: asked, repeated, namespace, signal },
    ...present({ meshService }),
  });
  const failed = groups.flatMap(({ results }) => results).filter(({ ok }) => ok === false);
  return failed.map(({ title, detail }) => `${title}: ${detail}`);
}

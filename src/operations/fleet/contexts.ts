import type { Host } from '../../host/run/host.ts';
import type { World } from '../../world.ts';
import { openMachine } from '../connection/machine.ts';
import { type JoinContext, openContext } from '../join/context.ts';
import type { JoinOptions } from '../join/options.ts';
import type { FleetTarget } from './options.ts';

/** What VMs of a fleet share: the cluster and the package are read once for all VMs with the same options about them. */
export class Contexts {
  readonly #world: World;
  readonly #open = new Map<string, Promise<JoinContext>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Throws Problems of opening the cluster and the package. */
  async of(options: JoinOptions): Promise<JoinContext> {
    const { cluster, workload, package: from, findPackage, agent, meshService } = options;
    const key = JSON.stringify([cluster, workload.namespace, from, findPackage, agent, meshService]);
    const open = this.#open.get(key) ?? openContext(this.#world, options);
    this.#open.set(key, open);
    return { ...(await open), options };
  }
}

/** Opens a connection to a VM of a fleet. */
export function loginOf(world: World, { vm, options }: FleetTarget): () => Promise<Host> {
  return () => openMachine(world, options.machine, vm.address ?? vm.name);
}

import type { Host } from '../host/run/host.ts';
import { type DrainedService, type DrainOptions, drainServices } from '../vm/agent-drain.ts';
import type { World } from '../world.ts';

/**
 * Takes services of a VM out of rotation and waits for their clients, or puts them back. The VM's agent does it, and repeats it after a
 * restart. Throws Problems of the connection and of the agent.
 */
export async function drainVm(
  world: World,
  login: () => Promise<Host>,
  options: DrainOptions,
): Promise<readonly DrainedService[]> {
  await using host = await login();
  if (options.verb === 'drain')
    world.note(
      'waiting until clients have left and open connections have ended, at most for the limit of each service',
    );
  return await drainServices(host, options, world.signal);
}

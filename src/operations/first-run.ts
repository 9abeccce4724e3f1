import { readContexts } from '../cluster/api/live/contexts.ts';
import { namedHosts } from '../host/ssh/config/named-hosts.ts';
import { readSshConfig } from '../host/ssh/config/ssh-config.ts';
import { openPorts, type OpenPort } from '../vm/listeners.ts';
import { readMembership } from '../vm/membership.ts';
import type { World } from '../world.ts';
import { type MachineOptions, openMachine } from './connection/machine.ts';

/** The hosts that the operator's SSH configuration names. Throws `ssh-config-invalid`. */
export async function sshHosts({ home }: Pick<World, 'home'>, sshConfig?: string): Promise<readonly string[]> {
  return namedHosts(await readSshConfig(home, sshConfig));
}

/** The contexts of the operator's kubeconfig. */
export const kubeContexts = readContexts;

/** What a VM says before it joins. */
export interface FirstLook {
  readonly ports: readonly OpenPort[];
  /** Whether it joined before: its options are then repeated. */
  readonly isMember: boolean;
}

/** Reads them over one connection. Changes nothing. Throws Problems of the connection. */
export async function firstLook(
  world: World,
  { machine, vm }: { readonly machine: MachineOptions; readonly vm: string },
): Promise<FirstLook> {
  await using host = await openMachine(world, machine, vm);
  const [ports, { record }] = await Promise.all([openPorts(host, world.signal), readMembership(host, world.signal)]);
  return { ports, isMember: record !== undefined };
}

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { canonicalNames } from '../../host/ssh/config/canonical-name.ts';
import { hop } from '../../host/ssh/route.ts';
import { readSshConfig } from '../../host/ssh/config/ssh-config.ts';
import { parseSshName } from '../../host/ssh/ssh-name.ts';
import type { World } from '../../world.ts';
import { instanceAddress, type MachineOptions } from './machine.ts';
import { present } from '../../present.ts';

/** Addresses of a machine by ssh_config and DNS; [] when neither has one. Throws Problems. */
export async function knownAddresses(
  { home, env }: Pick<World, 'home' | 'env'>,
  { ssh }: Pick<MachineOptions, 'ssh'>,
  vm: string,
): Promise<readonly string[]> {
  const asked = { ...parseSshName(vm), ...present({ user: ssh.user }) };
  const input = { config: await readSshConfig(home, ssh.sshConfig), home, env };
  const { address } = hop({ ...input, asked, canonical: await canonicalNames(asked, input) });
  if (isIP(address)) return [address];
  return lookup(address, { all: true }).then(
    (found) => found.map((each) => each.address),
    () => [],
  );
}

/** The same, or else those of the Compute Engine instance that SSH would use. */
export async function reachedAddresses(world: World, options: MachineOptions, vm: string): Promise<readonly string[]> {
  const known = await knownAddresses(world, options, vm);
  if (known.length > 0) return known;
  const instance = await instanceAddress(world, options, vm);
  return instance === undefined ? [] : [instance];
}

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hop } from '../../host/route.ts';
import { readSshConfig } from '../../host/ssh-config.ts';
import { parseSshName } from '../../host/ssh-name.ts';
import type { Runtime } from '../../runtime.ts';
import type { MachineInput } from '../machine.ts';
import { present } from '../workload-input.ts';

/** Addresses of a machine that cannot be asked, as ssh_config and DNS know them; [] when neither does. Throws a Problem. */
export async function namesOnly(
  { home, env }: Pick<Runtime, 'home' | 'env'>,
  { ssh }: Pick<MachineInput, 'ssh'>,
  vm: string,
): Promise<readonly string[]> {
  const asked = { ...parseSshName(vm), ...present({ user: ssh.user }) };
  const { address } = hop({ asked, config: await readSshConfig(home, ssh.sshConfig), home, env });
  if (isIP(address)) return [address];
  return lookup(address, { all: true }).then(
    (found) => found.map((each) => each.address),
    () => [],
  );
}

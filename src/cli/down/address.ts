import { lookup } from 'node:dns/promises';
import { configValues, readSshConfig } from '../../host/ssh-config.ts';
import { isIP } from 'node:net';
import type { Runtime } from '../../runtime.ts';
import type { MachineInput } from '../machine.ts';
import { present } from '../workload-input.ts';

/** Addresses of a machine that cannot be asked, as ssh_config and DNS know them; [] when neither does. */
export async function namesOnly({ home, env }: Runtime, { ssh }: MachineInput, vm: string): Promise<readonly string[]> {
  const host = vm.replace(/^.*@/, '');
  const tree = await readSshConfig(home, ssh.sshConfig);
  const localUser = env['USER'] ?? env['LOGNAME'] ?? '';
  const name = configValues(tree, { host, localUser, ...present({ user: ssh.user }) }).get('hostname') ?? host;
  const written = typeof name === 'string' ? name : host;
  if (isIP(written)) return [written];
  return lookup(written, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
}

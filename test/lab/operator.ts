import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { must } from './command.ts';
import type { Names } from './names.ts';

/** What the lab knows of a VM that runs. */
export interface VmRecord {
  readonly name: string;
  readonly ip: string;
  readonly suite: string;
  /** Lines "type base64" of the VM's own host keys. */
  readonly hostKeys: readonly string[];
}

/** The operator's home on the workstation: keys, ssh_config, known_hosts, kubeconfig. */
export function homeOf(names: Names): string {
  return join(names.run, 'home');
}

export async function makeHome(names: Names): Promise<void> {
  const ssh = join(homeOf(names), '.ssh');
  await mkdir(ssh, { recursive: true, mode: 0o700 });
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'operator@lab', '-f', join(ssh, 'id_ed25519')]);
}

/** The public key that every VM lets in. */
export async function publicKey(names: Names): Promise<string> {
  return await readFile(join(homeOf(names), '.ssh/id_ed25519.pub'), 'utf8');
}

export async function vmRecords(names: Names): Promise<readonly VmRecord[]> {
  const folder = join(names.run, 'vms');
  const vms = await readdir(folder).catch(() => []);
  const texts = await Promise.all(
    vms.map((vm) => readFile(join(folder, vm, 'vm.json'), 'utf8').catch(() => undefined)),
  );
  return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as VmRecord]));
}

/** VMs come and go side by side: who looked earlier must not write later. */
let last: Promise<void> = Promise.resolve();

/** ssh_config and known_hosts from the VMs there are. Host keys were read from the VM's own disk: nothing is trusted blindly. */
export async function writeSshFiles(names: Names): Promise<void> {
  const mine = last.catch(() => undefined).then(() => writeNow(names));
  last = mine;
  await mine;
}

async function writeNow(names: Names): Promise<void> {
  const ssh = join(homeOf(names), '.ssh');
  const vms = await vmRecords(names);
  const hosts = vms.map((vm) => `Host ${vm.name}\n  HostName ${vm.ip}\n  User root\n`);
  const all = `Host *\n  IdentityFile ${join(ssh, 'id_ed25519')}\n  UserKnownHostsFile ${join(ssh, 'known_hosts')}\n`;
  const keys = vms.flatMap((vm) => vm.hostKeys.map((key) => `${vm.name},${vm.ip} ${key}`));
  await writeFileAtomic(join(ssh, 'config'), [...hosts, all].join('\n'), { mode: 0o600 });
  await writeFileAtomic(join(ssh, 'known_hosts'), `${keys.join('\n')}\n`, { mode: 0o600 });
}

/** argv of ssh in the workstation's namespace, as the operator would type it. */
export function sshArgv(names: Names, target: string, command: readonly string[]): readonly string[] {
  const options = ['-F', join(homeOf(names), '.ssh/config'), '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=3'];
  return ['ip', 'netns', 'exec', names.hub, 'ssh', ...options, target, ...command];
}

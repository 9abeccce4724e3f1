import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellFile } from '../../src/text-files.ts';
import type { Suite } from './build/root-file-system.ts';
import { endGroup, killGroup } from './cgroup.ts';
import { must, mustShell, run } from './command.ts';
import { type Names, namespaceOf } from './names.ts';
import { attachScript, detach } from './network.ts';
import { publicKey, sshArgv, type VmRecord, writeSshFiles } from './operator.ts';
import type { Processes } from './processes.ts';
import { waitFor } from './wait.ts';

export interface VmOptions {
  /** bookworm unless given. */
  readonly suite?: Suite;
  /** Where MariaDB listens; `any` unless given. */
  readonly mysql?: 'any' | 'loopback' | 'off';
  /** False leaves the VM's own name out of its /etc/hosts, as some images do. */
  readonly hostnameInHosts?: boolean;
  readonly ipv6?: string;
  /** Mebibytes of the machine's disk, which is then one of its own, in memory; the host's disk when absent. */
  readonly diskMib?: number;
}

interface Lab {
  readonly names: Names;
  readonly roots: Readonly<Record<Suite, string>>;
  readonly processes: Processes;
}

/**
 * A machine that boots systemd in a namespace of its own: a writable layer over the built root file system. The layer
 * outlives a reboot; rules, tracked connections and the network do not, as on a real machine.
 */
export async function makeVm(lab: Lab, machine: { name: string; ip: string } & VmOptions): Promise<VmRecord> {
  const suite = machine.suite ?? 'bookworm';
  const folder = join(lab.names.run, 'vms', machine.name);
  const root = join(folder, 'root');
  await mkdir(folder, { recursive: true });
  if (machine.diskMib) await must(['mount', '-t', 'tmpfs', '-o', `size=${machine.diskMib}m`, 'tmpfs', folder]);
  for (const part of ['upper', 'work', 'root']) await mkdir(join(folder, part), { recursive: true });
  const lower = join(lab.roots[suite], 'root');
  const layers = `lowerdir=${lower},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
  await must(['mount', '-t', 'overlay', 'overlay', '-o', layers, root]);
  await personalize(lab, root, machine);
  const hostKeys = await Promise.all(
    KEY_TYPES.map(async (type) => {
      const [kind, key] = (await readFile(join(root, `etc/ssh/ssh_host_${type}_key.pub`), 'utf8')).split(' ');
      return `${kind} ${key}`;
    }),
  );
  const record = { name: machine.name, ip: machine.ip, suite, hostKeys };
  await writeFile(join(folder, 'vm.json'), JSON.stringify(record));
  await writeFile(join(folder, 'boot.sh'), bootScript(lab.names, folder, machine));
  await writeSshFiles(lab.names);
  return record;
}

const KEY_TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;

const LOGIN_KEY = shellFile(new URL('login-key.sh', import.meta.url)).text;

/** Host keys, name, id and logins of each machine. */
async function personalize(lab: Lab, root: string, machine: { name: string; ip: string } & VmOptions): Promise<void> {
  const own = machine.hostnameInHosts === false ? '' : `127.0.1.1 ${machine.name}\n`;
  await mustShell('ssh-keygen -q -A -f "$1"', [root]);
  await writeFile(join(root, 'etc/hostname'), `${machine.name}\n`);
  await writeFile(join(root, 'etc/machine-id'), `${randomUUID().replaceAll('-', '')}\n`);
  await writeFile(join(root, 'etc/hosts'), `127.0.0.1 localhost\n${own}::1 localhost ip6-localhost ip6-loopback\n`);
  const key = await publicKey(lab.names);
  for (const user of ['root', 'operator', 'deploy', 'nobodyspecial'])
    await mustShell(LOGIN_KEY, [root, user], { input: key });
  const mysql = machine.mysql ?? 'any';
  // Debian 12's package turns socket activation on: systemd then listens on every address, whatever sshd's
  // configuration says.
  await rm(join(root, 'etc/systemd/system/sockets.target.wants/mariadb.socket'), { force: true });
  if (mysql === 'off') await must(['ln', '-sf', '/dev/null', join(root, 'etc/systemd/system/mariadb.service')]);
  const bind = mysql === 'loopback' ? '127.0.0.1' : '*';
  // MariaDB blocks a client after a hundred connections that ended early, and all clients of the mesh come from the sidecar.
  const settings = `[mysqld]\nbind-address = ${bind}\nmax_connect_errors = 1000000\n`;
  await writeFile(join(root, 'etc/mysql/mariadb.conf.d/99-lab.cnf'), settings);
}

/**
 * The machine's power supply: boots again when systemd asks for a reboot (nspawn's exit code 133), each time with a
 * network namespace made anew.
 */
function bootScript(names: Names, folder: string, machine: { name: string; ip: string; ipv6?: string }): string {
  const argv = [
    ...['systemd-nspawn', '--quiet', '--boot', `--directory=${join(folder, 'root')}`],
    ...[`--machine=${names.lab}-${machine.name}`, `--hostname=${machine.name}`],
    `--network-namespace-path=/run/netns/${namespaceOf(names, machine.name)}`,
    ...['--register=no', '--keep-unit', '--capability=all', '--resolv-conf=off', '--timezone=off', '--link-journal=no'],
  ];
  return [
    'code=133',
    'while [ $code = 133 ]; do',
    attachScript(names, machine),
    `${argv.join(' ')} & echo $! > ${join(folder, 'nspawn.pid')}`,
    'wait $!; code=$?; echo "nspawn ended with $code"',
    'done',
    '',
  ].join('\n');
}

/** Turns the machine on and waits until its SSH server lets the operator in. */
export async function bootVm(lab: Lab, vm: VmRecord): Promise<void> {
  await lab.processes.start(`vm-${vm.name}`, { argv: ['sh', join(lab.names.run, 'vms', vm.name, 'boot.sh')] });
  await sshAnswers(lab.names, vm.name);
}

export async function sshAnswers(names: Names, vm: string, timeoutMs = 60_000): Promise<void> {
  const ask = sshArgv(names, vm, ['true']);
  await waitFor(`${vm} to answer on SSH`, async () => (await run(ask)).exitCode === 0, { timeoutMs });
}

/** Runs `reboot` on the machine, and returns when SSH answers with another boot id. */
export async function rebootVm(names: Names, vm: string): Promise<void> {
  const bootId = async (): Promise<string> => await must(sshArgv(names, vm, ['cat', '/run/lab-boot-id']));
  await must(sshArgv(names, vm, ['cat /proc/sys/kernel/random/uuid > /run/lab-boot-id']));
  const before = await bootId();
  await run(sshArgv(names, vm, ['systemctl', 'reboot']));
  const another = async (): Promise<boolean> => {
    const ran = await run(sshArgv(names, vm, ['cat /run/lab-boot-id 2>/dev/null || echo new']));
    return ran.exitCode === 0 && ran.stdout !== before;
  };
  await waitFor(`${vm} to come back from its reboot`, another, { timeoutMs: 90_000 });
}

/** Orderly power-off; the disk stays, `bootVm` turns it on again. */
export async function powerOff(lab: Lab, vm: string): Promise<void> {
  const pid = (await readFile(join(lab.names.run, 'vms', vm, 'nspawn.pid'), 'utf8')).trim();
  await run(['kill', '-TERM', pid]);
  const off = async (): Promise<boolean> => !(await lab.processes.running(`vm-${vm}`));
  await waitFor(`${vm} to power off`, off, { timeoutMs: 30_000 }).catch(() => undefined);
  await lab.processes.kill(`vm-${vm}`);
}

/** Takes the machine away with its disk. */
export async function removeVm(lab: Lab, vm: string): Promise<void> {
  await killGroup(lab.names.lab, `vm-${vm}`);
  await endGroup(lab.names.lab, `vm-${vm}`);
  await lab.processes.kill(`vm-${vm}`);
  await detach(namespaceOf(lab.names, vm));
  const folder = join(lab.names.run, 'vms', vm);
  await run(['umount', '-R', join(folder, 'root')]);
  // A run that was killed may have left one disk above another.
  await run(['sh', '-c', 'while umount -l "$1" 2>/dev/null; do :; done', 'sh', folder]);
  await rm(folder, { recursive: true, force: true });
  await writeSshFiles(lab.names);
}

/** Process id, on this machine, of the VM's systemd. */
export async function initPid(names: Names, vm: string): Promise<string> {
  const nspawn = (await readFile(join(names.run, 'vms', vm, 'nspawn.pid'), 'utf8')).trim();
  return (await must(['pgrep', '-o', '-P', nspawn])).trim();
}

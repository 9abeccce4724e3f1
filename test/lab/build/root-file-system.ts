import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipe } from '../cache.ts';
import { must } from '../command.ts';
import type { Names } from '../names.ts';

/** Debian 12 and Debian 13. */
export type Suite = 'bookworm' | 'trixie';

const EVERYWHERE = [
  ...['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'sudo', 'ca-certificates', 'hostname', 'procps', 'passwd'],
  ...['iptables', 'nftables', 'iproute2', 'conntrack', 'tcpdump', 'iputils-ping', 'netbase', 'bind9-host'],
  ...['curl', 'openssl', 'python3-minimal', 'python3', 'mariadb-server', 'logrotate', 'less', 'kmod'],
  // Firewalls that are off until a test turns one on. polkitd, which firewalld needs, asks for a login manager's PAM module.
  ...['ufw', 'firewalld', 'libpam-systemd'],
];

/** Debian 12 stands for the machine with a plain resolv.conf or dnsmasq, Debian 13 for the one with systemd-resolved. */
const ONLY: Readonly<Record<Suite, readonly string[]>> = {
  bookworm: ['dnsmasq'],
  trixie: ['systemd-resolved', 'libnss-resolve'],
};

/** The root file system of a VM as a cloud image has it, without keys, names and machine id: each VM gets its own. */
export async function rootRecipe(names: Names, suite: Suite): Promise<Recipe> {
  const packages = [...EVERYWHERE, ...ONLY[suite]];
  const guest = join(names.project, 'test/lab/guest');
  const files = ['customize.sh', 'lab-http.py', 'lab-http@.service'];
  const texts = await Promise.all(files.map((file) => readFile(join(guest, file), 'utf8')));
  return {
    name: `root-${suite}`,
    inputs: [...packages, ...texts],
    build: async (folder) => {
      const root = join(folder, 'root');
      const argv = ['debootstrap', '--variant=minbase', `--include=${packages.join(',')}`, suite, root];
      await must(argv, { timeoutMs: 1_800_000 });
      await must(['sh', '-eu', join(guest, 'customize.sh'), root, guest, suite], { timeoutMs: 300_000 });
    },
  };
}

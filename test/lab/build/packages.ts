import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { must, mustShell, run } from '../command.ts';

/** Debian packages the lab and the tests need, each with a program or a file that shows it is installed. */
const PACKAGES: Readonly<Record<string, string>> = {
  'systemd-container': '/usr/bin/systemd-nspawn',
  debootstrap: '/usr/sbin/debootstrap',
  iproute2: '/usr/bin/ip',
  iptables: '/usr/sbin/iptables',
  nftables: '/usr/sbin/nft',
  conntrack: '/usr/sbin/conntrack',
  tcpdump: '/usr/bin/tcpdump',
  'dnsmasq-base': '/usr/sbin/dnsmasq',
  'bind9-host': '/usr/bin/host',
  'openssh-client': '/usr/bin/ssh',
  'openssh-server': '/usr/sbin/sshd',
  // The browser of test/e2e/ui.test.ts.
  chromium: '/usr/bin/chromium',
  openssl: '/usr/bin/openssl',
  'etcd-server': '/usr/bin/etcd',
  'default-mysql-client': '/usr/bin/mysql',
  python3: 'python3',
  'python3-pip': 'pip',
  'iputils-ping': 'ping',
  curl: '/usr/bin/curl',
  sudo: '/usr/bin/sudo',
  procps: '/usr/bin/ps',
  kmod: '/usr/sbin/modprobe',
  e2fsprogs: '/usr/sbin/mkfs.ext4',
  'util-linux': '/usr/bin/nsenter',
  shellcheck: '/usr/bin/shellcheck',
  rpm: '/usr/bin/rpmbuild',
  binutils: '/usr/bin/strip',
  gcc: '/usr/bin/x86_64-linux-gnu-gcc',
  'libc6-dev': '/usr/include/stdio.h',
  // Servers for test/e2e/probes.test.ts.
  'mariadb-server': '/usr/sbin/mariadbd',
  postgresql: '/etc/init.d/postgresql',
  'redis-server': '/usr/bin/redis-server',
  'rabbitmq-server': '/usr/sbin/rabbitmq-server',
  'nginx-light': '/usr/sbin/nginx',
  slapd: '/usr/sbin/slapd',
  opensmtpd: '/usr/sbin/smtpd',
};

/** Units that come with these packages. The lab starts its own in namespaces; the machine's must not run for it. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
  'openssh-server': ['ssh.service', 'ssh.socket'],
  'etcd-server': ['etcd.service'],
  'mariadb-server': ['mariadb.service'],
  postgresql: ['postgresql.service'],
  'redis-server': ['redis-server.service'],
  'rabbitmq-server': ['rabbitmq-server.service', 'epmd.service', 'epmd.socket'],
  'nginx-light': ['nginx.service'],
  slapd: ['slapd.service'],
  opensmtpd: ['opensmtpd.service'],
};

function missingPackages(): readonly string[] {
  const path = (process.env['PATH'] ?? '').split(':');
  const there = (proof: string): boolean =>
    proof.startsWith('/') ? existsSync(proof) : path.some((folder) => existsSync(join(folder, proof)));
  return Object.entries(PACKAGES).flatMap(([name, proof]) => (there(proof) ? [] : [name]));
}

/** Installs what is missing, without starting or enabling a service of the machine. */
export async function installPackages(note: (line: string) => void): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) return;
  note(`installing ${missing.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await must(['apt-get', 'update', '-qq'], { timeoutMs: 300_000, env });
  await withoutServiceStart(async () => {
    const argv = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing];
    await must(argv, { timeoutMs: 900_000, env });
  });
  const units = missing.flatMap((name) => UNITS[name] ?? []);
  if (units.length > 0) await run(['systemctl', '--root=/', 'disable', ...units]);
}

const POLICY = '/usr/sbin/policy-rc.d';
const KEPT = `${POLICY}.before-meshx-lab`;

/** dpkg asks policy-rc.d before it starts a service; one that was there before is put back. */
async function withoutServiceStart(work: () => Promise<void>): Promise<void> {
  await mustShell(
    `[ ! -e "$1" ] || [ -e "$2" ] || mv "$1" "$2"; printf '#!/bin/sh\\nexit 101\\n' > "$1"; chmod 755 "$1"`,
    [POLICY, KEPT],
  );
  try {
    await work();
  } finally {
    await mustShell('rm -f "$1"; [ ! -e "$2" ] || mv "$2" "$1"', [POLICY, KEPT]);
  }
}

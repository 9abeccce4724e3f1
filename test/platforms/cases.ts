import type { Suite } from '../lab/build/root-file-system.ts';

/** A program of others that shapes a machine, installed for real. */
export interface PlatformCase {
  /** In kebab-case. */
  readonly name: string;
  /** For people. */
  readonly what: string;
  /** Packages of Debian that the lab's image lacks. */
  readonly packages: readonly string[];
  /** Those that only one suite has. */
  readonly more?: Partial<Readonly<Record<Suite, readonly string[]>>>;
  /** The script in guest/ that sets it up, which gets the VM's address; or one command. */
  readonly setUp: { readonly script: string } | { readonly command: string };
  /** Succeeds on the VM while the program does its work. */
  readonly works: string;
  /** What is asked of the VM by a machine outside the mesh, and its answer. */
  readonly outside?: { readonly port: number; readonly answer: string };
  /** Files for /usr/local/bin. */
  readonly programs?: readonly string[];
  /** The machine has rpm for Debian's dpkg: it gets Istio's .rpm, also another version. */
  readonly rpm?: true;
  /** Suites on which it cannot run, each with the reason. */
  readonly not?: Partial<Readonly<Record<Suite, string>>>;
}

const PAGE = { port: 8090, answer: 'from-a-container' };
const SERVES = 'test "$(curl -s --max-time 2 localhost:8090)" = from-a-container';

export const CASES: readonly PlatformCase[] = [
  {
    ...{ name: 'plain', what: 'nothing beside the lab' },
    ...{ packages: [], setUp: { command: 'true' }, works: 'true' },
  },
  {
    ...{ name: 'network-manager', what: 'NetworkManager owns the interface and resolv.conf' },
    packages: ['network-manager'],
    setUp: { script: 'nm.sh' },
    works:
      'nmcli -g DEVICE,STATE device | grep -qx eth0:connected && nmcli -g IP4.DNS device show eth0 | grep -qx 10.150.0.2',
  },
  {
    ...{ name: 'firewalld', what: 'firewalld, which lets in SSH and the service' },
    packages: [],
    setUp: {
      command:
        'systemctl enable --now firewalld && firewall-cmd --permanent --add-port=8080/tcp && firewall-cmd --reload',
    },
    works: 'firewall-cmd --query-port=8080/tcp',
  },
  {
    ...{ name: 'ufw', what: 'ufw, which lets in SSH and the service' },
    packages: [],
    setUp: { command: 'ufw allow 22/tcp && ufw allow 8080/tcp && ufw --force enable' },
    works: 'ufw status | grep -q "^8080/tcp .*ALLOW"',
  },
  {
    ...{ name: 'docker', what: 'Docker with a container that publishes a port' },
    packages: ['docker.io', 'crun', 'busybox-static'],
    more: { trixie: ['docker-cli'] },
    programs: ['crun-without-cgroups'],
    setUp: { script: 'docker.sh' },
    works: SERVES,
    outside: PAGE,
  },
  {
    ...{ name: 'podman', what: 'Podman with a container that publishes a port' },
    packages: ['podman', 'crun', 'busybox-static'],
    setUp: { script: 'podman.sh' },
    works: SERVES,
    outside: PAGE,
  },
  {
    ...{ name: 'chrony', what: 'chrony keeps the clock' },
    packages: ['chrony'],
    // A VM of the lab may not set its clock: -x keeps chronyd from it.
    setUp: { command: `echo 'DAEMON_OPTS="-F 1 -x"' > /etc/default/chrony && systemctl enable --now chrony` },
    works: 'systemctl is-active chrony && chronyc -n tracking',
  },
  {
    ...{ name: 'rhel', what: 'rpm instead of dpkg, with what else RHEL 9 has that Debian does not' },
    packages: ['rpm', 'gawk'],
    setUp: { script: 'rhel.sh' },
    works: '! command -v dpkg && rpm -q sudo iptables-nft && test "$(readlink /usr/bin/sh)" = bash',
    rpm: true,
    not: { trixie: 'RHEL 9 is as old as Debian 12' },
  },
];

import type { Suite } from '../../lab/build/root-file-system.ts';
import type { Lab } from '../../lab/lab.ts';
import { installOnVm } from './debian-packages.ts';
import { DHCLIENT, installDhclient, runDhclient } from './dhcp.ts';

/** One way in which a machine gets its names, and how it is made of a VM of the lab. */
export interface ResolverArrangement {
  readonly name: string;
  readonly suite: Suite;
  readonly vm: string;
  readonly ip: string;
  /** Makes it; the network's DHCP server runs. */
  readonly arrange: (lab: Lab, vm: string) => Promise<void>;
  /** What the preflight calls it. */
  readonly recognized: string;
  /** The servers of resolv.conf while the network names 10.150.0.2. */
  readonly servers: readonly string[];
}

export const ARRANGEMENTS: readonly ResolverArrangement[] = [
  {
    ...{ name: 'plain resolv.conf with dhclient', suite: 'bookworm', vm: 'namesdhcp', ip: '10.150.0.61' },
    recognized: 'dhclient writes resolv.conf; DNS capture redirects 10.150.0.2 while the sidecar runs.',
    servers: ['10.150.0.2'],
    arrange: async (lab, vm) => {
      await installOnVm(lab, vm, 'bookworm', DHCLIENT);
      await runDhclient(lab, vm);
    },
  },
  {
    ...{ name: 'systemd-resolved', suite: 'trixie', vm: 'namesresolved', ip: '10.150.0.62' },
    recognized: 'systemd-resolved manages resolv.conf; DNS capture redirects 127.0.0.53 while the sidecar runs.',
    servers: ['127.0.0.53'],
    arrange: async (lab, vm) => {
      await lab.mustSsh(vm, 'rm /etc/systemd/resolved.conf.d/lab.conf');
      await lab.mustSsh(vm, 'cat > /etc/systemd/network/lab.network', { input: NETWORKD });
      const start = 'rm -f /etc/systemd/system/systemd-networkd.service; systemctl daemon-reload';
      await lab.mustSsh(vm, `${start}; systemctl enable --now systemd-networkd; systemctl restart systemd-resolved`);
      const server = async (): Promise<boolean> =>
        (await lab.mustSsh(vm, 'resolvectl dns eth0')).includes('10.150.0.2');
      await lab.waitFor('the lease of systemd-networkd', server);
    },
  },
  {
    // As Istio's own guide for VMs had it: dnsmasq first, and its upstream, the lease's server, in the same file.
    ...{ name: 'dnsmasq', suite: 'bookworm', vm: 'namesdnsmasq', ip: '10.150.0.63' },
    recognized:
      'dhclient writes resolv.conf; DNS capture redirects 127.0.0.1 while the sidecar runs, but not 10.150.0.2.',
    servers: ['127.0.0.1', '10.150.0.2'],
    arrange: async (lab, vm) => {
      await installOnVm(lab, vm, 'bookworm', DHCLIENT);
      await lab.mustSsh(vm, 'echo "prepend domain-name-servers 127.0.0.1;" >> /etc/dhcp/dhclient.conf');
      await lab.mustSsh(vm, 'systemctl enable --now dnsmasq');
      await runDhclient(lab, vm);
    },
  },
  {
    ...{ name: 'resolvconf', suite: 'bookworm', vm: 'namesconf', ip: '10.150.0.64' },
    recognized: 'resolvconf manages resolv.conf; DNS capture redirects 10.150.0.2 while the sidecar runs.',
    servers: ['10.150.0.2'],
    arrange: async (lab, vm) => {
      await installOnVm(lab, vm, 'bookworm', [...DHCLIENT, 'resolvconf']);
      await lab.mustSsh(vm, 'rm /etc/resolv.conf && ln -s ../run/resolvconf/resolv.conf /etc/resolv.conf');
      await installDhclient(lab, vm);
      await lab.waitFor(
        'the lease',
        async () => (await lab.ssh(vm, 'grep ^nameserver /etc/resolv.conf')).exitCode === 0,
      );
    },
  },
];

const NETWORKD = `[Match]
Name=eth0
[Network]
DHCP=ipv4
KeepConfiguration=yes
[DHCPv4]
UseHostname=no
UseTimezone=no
`;

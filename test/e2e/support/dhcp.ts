import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import { address, hardwareAddress } from '../../lab/network.ts';

/** Packages of Debian that the VM's image lacks for `runDhclient`. */
export const DHCLIENT = ['isc-dhcp-client', 'debianutils'] as const;

const SERVER = 'dhcp-server';
const UNIT = `[Unit]
Description=DHCP client
Wants=network.target
Before=network-online.target
[Service]
ExecStart=/usr/sbin/dhclient -d eth0
Restart=on-failure
[Install]
WantedBy=multi-user.target
`;

/** What the network tells besides the machine's own address. */
interface Told {
  /** The resolver; the lab's own unless given. */
  readonly resolver?: string;
  /** Other addresses for some of the machines. */
  readonly moved?: Readonly<Record<string, string>>;
}

/**
 * A DHCP server in the lab's network that leases each of these machines its own address with the cloud's resolver, to be
 * renewed every five seconds. It is Debian's dnsmasq, out of the image of a VM, without its DNS. No ping: the machines have
 * the addresses already. One that runs is replaced, so that the network tells something else from then on.
 */
export async function startDhcpServer(lab: Lab, ips: readonly string[], told: Told = {}): Promise<AsyncDisposable> {
  await lab.processes.stop(SERVER);
  const options = [
    ...['--port=0', '--interface=br0', `--dhcp-range=${address.hub},static,255.255.255.0,2m`],
    ...ips.map((ip) => `--dhcp-host=${hardwareAddress(ip)},${told.moved?.[ip] ?? ip}`),
    `--dhcp-option=option:router,${address.hub}`,
    `--dhcp-option=option:dns-server,${told.resolver ?? address.resolver}`,
    ...['--dhcp-option=option:T1,5', '--leasefile-ro', '--dhcp-authoritative', '--no-ping'],
  ];
  return await startDnsmasq(lab, SERVER, options);
}

/** A second resolver in the lab's network, with the one name that the cloud's has too. */
export async function startOtherResolver(lab: Lab, ip: string): Promise<AsyncDisposable> {
  const options = [
    `--listen-address=${ip}`,
    '--no-resolv',
    '--no-hosts',
    `--address=/outside.example.test/${address.hub}`,
  ];
  return await startDnsmasq(lab, 'other-resolver', options);
}

async function startDnsmasq(lab: Lab, name: string, options: readonly string[]): Promise<AsyncDisposable> {
  const own = ['--keep-in-foreground', '--bind-interfaces', '--conf-file=/dev/null', '--pid-file=', '--user=root'];
  const program = ['chroot', join(lab.parts.roots.bookworm, 'root'), '/usr/sbin/dnsmasq'];
  await lab.processes.start(name, {
    argv: [...program, ...own, '--log-facility=-', ...options],
    namespace: lab.names.hub,
  });
  return { [Symbol.asyncDispose]: () => lab.processes.stop(name) };
}

/** The VM's network is dhclient's from now on, also after a reboot. */
export async function runDhclient(lab: Lab, vm: string): Promise<void> {
  await installDhclient(lab, vm);
  await nextLease(lab, vm);
}

/** The same without waiting for the first lease. */
export async function installDhclient(lab: Lab, vm: string): Promise<void> {
  await lab.mustSsh(vm, 'cat > /etc/systemd/system/lab-dhclient.service', { input: UNIT });
  await lab.mustSsh(vm, 'systemctl daemon-reload && systemctl enable --now lab-dhclient');
}

/** Waits until the server has renewed the lease of this address, whatever client asks for it. */
export async function renewal(lab: Lab, ip: string): Promise<void> {
  const renewed = async (): Promise<number> =>
    (await readFile(lab.processes.logOf(SERVER), 'utf8')).split(`DHCPACK(br0) ${ip} `).length;
  const before = await renewed();
  await lab.waitFor(`the lease of ${ip} to be renewed`, async () => (await renewed()) > before, { timeoutMs: 40_000 });
}

/** Waits until dhclient has written resolv.conf again. */
export async function nextLease(lab: Lab, vm: string): Promise<void> {
  const written = async (): Promise<string> => await lab.mustSsh(vm, 'stat -c "%.9Z %i" /etc/resolv.conf');
  const before = await written();
  await lab.waitFor('dhclient to renew its lease', async () => (await written()) !== before, { timeoutMs: 40_000 });
}

import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';

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

/**
 * A DHCP server in the lab's network that leases this one address with the cloud's resolver, to be renewed every five
 * seconds. It is Debian's dnsmasq, out of the image of a VM, without its DNS. No ping: the VM has the address already.
 */
export async function startDhcpServer(lab: Lab, ip: string): Promise<AsyncDisposable> {
  const options = [
    ...['--keep-in-foreground', '--port=0', '--interface=br0', '--bind-interfaces', '--conf-file=/dev/null'],
    ...['--leasefile-ro', '--pid-file=', '--user=root', `--dhcp-range=${ip},${ip},255.255.255.0,2m`],
    ...['--dhcp-option=option:router,10.150.0.1', '--dhcp-option=option:dns-server,10.150.0.2'],
    ...['--dhcp-option=option:T1,5', '--log-facility=-', '--dhcp-authoritative', '--no-ping'],
  ];
  const argv = ['chroot', join(lab.parts.roots.bookworm, 'root'), '/usr/sbin/dnsmasq', ...options];
  await lab.processes.start(SERVER, { argv, namespace: lab.names.hub });
  return { [Symbol.asyncDispose]: () => lab.processes.stop(SERVER) };
}

/** The VM's network is dhclient's from now on, also after a reboot. */
export async function runDhclient(lab: Lab, vm: string): Promise<void> {
  await lab.mustSsh(vm, 'cat > /etc/systemd/system/lab-dhclient.service', { input: UNIT });
  await lab.mustSsh(vm, 'systemctl daemon-reload && systemctl enable --now lab-dhclient');
  await nextLease(lab, vm);
}

/** Waits until dhclient has written resolv.conf again. */
export async function nextLease(lab: Lab, vm: string): Promise<void> {
  const written = async (): Promise<string> => await lab.mustSsh(vm, 'stat -c "%.9Z %i" /etc/resolv.conf');
  const before = await written();
  await lab.waitFor('dhclient to renew its lease', async () => (await written()) !== before, { timeoutMs: 40_000 });
}

import { installOnVm } from '../e2e/support/debian-packages.ts';
import { DHCLIENT, runDhclient, startDhcpServer, startOtherResolver } from '../e2e/support/dhcp.ts';
import { startDns } from '../lab/dns.ts';
import type { RecoveryCase } from './cases.ts';
import { CLEAN } from './cases-services.ts';
import type { Course } from './course.ts';
import { IP } from './joined-vm.ts';
import { hostOf, NAMESPACE, SERVICES } from './services.ts';

const RULES = 30_000;
const AFTER = 60_000;
const MOVED = 120_000;
/** Addresses of the lab that no other machine has: of the VM later, and of a resolver. */
const NEXT = '10.150.0.142';
const OTHER_RESOLVER = '10.150.0.9';

const PORTS = Object.values(SERVICES).map(({ port }) => port);

interface Firewall {
  readonly name: string;
  /** Commands of root: turns it on with the ports of the services open, and off. */
  readonly on: string;
  readonly off: string;
  readonly events: readonly string[];
}

/** Debian's own firewalls, each turned on for its case. */
const FIREWALLS: readonly Firewall[] = [
  {
    name: 'firewalld',
    on: `systemctl enable --now firewalld && firewall-cmd --permanent ${PORTS.map((port) => `--add-port=${port}/tcp`).join(' ')} && firewall-cmd --reload`,
    off: 'systemctl disable --now firewalld',
    events: ['firewall-cmd --reload', 'systemctl restart firewalld'],
  },
  {
    name: 'ufw',
    on: `for port in 22 ${PORTS.join(' ')}; do ufw allow $port/tcp; done && ufw --force enable`,
    off: 'ufw --force disable',
    events: ['ufw reload', 'systemctl restart ufw'],
  },
];

async function recaptured(course: Course): Promise<void> {
  const lost = async (): Promise<string> => await course.vm.on('/usr/local/lib/meshx/restore lost');
  await course.until('the rules are complete', RULES, async () => (await lost()) === '');
  await course.answer(RULES);
}

function behind({ name, on, off, events }: Firewall): RecoveryCase {
  return {
    name: `${name}-reloaded`,
    what: `${name} is turned on; then ${events.join('; then ')}`,
    run: async (course) => {
      try {
        for (const event of [on, ...events]) {
          await course.strike(event);
          await recaptured(course);
        }
      } finally {
        await course.vm.try(off);
      }
      await course.clean(CLEAN);
    },
  };
}

/** The VM's network is dhclient's, which has its first lease. */
async function beginDhcp({ vm }: Course): Promise<void> {
  await installOnVm(vm.lab, vm.name, vm.variant.suite, DHCLIENT);
  await runDhclient(vm.lab, vm.name);
}

/** The VM as it was before: without a DHCP client, with its address for good. */
async function leaveDhcp({ vm }: Course): Promise<void> {
  const parts = [
    'systemctl disable --now lab-dhclient',
    `ip addr replace ${IP}/24 dev eth0 valid_lft forever preferred_lft forever`,
    'ip route replace default via 10.150.0.1',
    'echo "nameserver 10.150.0.2" >/etc/resolv.conf',
  ];
  await vm.try(parts.join('; '));
}

async function resolverReplaced(course: Course): Promise<void> {
  const { lab } = course.vm;
  const resolves = async (host: string): Promise<boolean> =>
    (await course.vm.try(`timeout 5 getent hosts ${host}`)).exitCode === 0;
  const tells = async (): Promise<boolean> => (await course.vm.on('cat /etc/resolv.conf')).includes(OTHER_RESOLVER);
  await using _server = await startDhcpServer(lab, [IP]);
  await using _resolver = await startOtherResolver(lab, OTHER_RESOLVER);
  try {
    await beginDhcp(course);
    await course.event(async () => {
      await startDhcpServer(lab, [IP], { resolver: OTHER_RESOLVER });
      await lab.processes.stop('resolver');
    });
    await course.until('resolv.conf names the other resolver', AFTER, tells);
    await course.event(async () => Promise.resolve());
    await course.until('other names resolve on the VM', AFTER, async () => await resolves('outside.example.test'));
    await course.until('names of the mesh resolve on the VM', AFTER, async () => await resolves(hostOf('web')));
    await course.answer(AFTER);
    await course.clean(CLEAN);
  } finally {
    await startDns(lab);
    await leaveDhcp(course);
  }
}

/** The ports in the entry of the join; empty when it is gone. */
async function oldPorts({ vm }: Course): Promise<string> {
  const read = [
    '-n',
    NAMESPACE,
    'get',
    'workloadentry',
    vm.entry,
    '--ignore-not-found',
    '-o',
    'jsonpath={.spec.ports}',
  ];
  return (await vm.lab.kubectl(read)).replaceAll('{}', '').trim();
}

/** The server leases the VM another address, and later the first one again. */
async function addressReplaced(course: Course): Promise<void> {
  const { vm } = course;
  const has = async (ip: string): Promise<boolean> => (await vm.on('ip -4 -o addr show eth0')).includes(` ${ip}/`);
  const lease = async (ip: string): Promise<void> => {
    await course.event(async () => void (await startDhcpServer(vm.lab, [IP], { moved: { [IP]: ip } })));
    await course.until(`the VM has the address ${ip}`, AFTER, async () => await has(ip));
    await course.event(async () => Promise.resolve());
    vm.address = ip;
  };
  await using _server = await startDhcpServer(vm.lab, [IP]);
  try {
    await beginDhcp(course);
    await lease(NEXT);
    await course.until('the former entry leads nowhere', RULES, async () => (await oldPorts(course)) === '');
    await course.answer(MOVED);
    await course.until('the status says it', AFTER, async () => {
      const { deviations } = await vm.status();
      return deviations.some((text) => text.includes(NEXT) && text.includes('meshx up VM'));
    });
    await lease(IP);
    await course.answer(MOVED);
  } finally {
    await leaveDhcp(course);
  }
  await course.clean(MOVED + CLEAN);
}

/** The network around the VM, and the firewall on it. */
export const NETWORK_CASES: readonly RecoveryCase[] = [
  ...FIREWALLS.map(behind),
  {
    name: 'dhcp-replaces-the-resolver',
    suite: 'bookworm',
    what: 'DHCP (dhclient, dnsmasq) names another resolver, and the former one is gone',
    run: resolverReplaced,
  },
  {
    name: 'dhcp-replaces-the-address',
    suite: 'bookworm',
    what: 'DHCP (dhclient, dnsmasq) leases the VM another address; then the first one again',
    remark:
      "On the new address the agent has no rights yet: it reports through the sidecar's health channel, and the status asks for `meshx up`.",
    needsApi: true,
    run: addressReplaced,
  },
];

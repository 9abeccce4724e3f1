import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellFile } from '../../src/text-files.ts';
import { mustShell, run } from './command.ts';
import { type Names, cableOf, namespaceOf } from './names.ts';

/** Addresses of the network 10.150.0.0/24; it lives in namespaces only, so each lab has its own. */
export const address = {
  /** Operator's workstation, API servers, istiod. */
  hub: '10.150.0.1',
  /** The cloud's own resolver: names outside the cluster. */
  resolver: '10.150.0.2',
  pilot: '10.150.0.6',
  dns: '10.150.0.7',
  mixer: '10.150.0.8',
  ca: '10.150.0.9',
  /** Pilot's pod, reached without a load balancer. */
  pilotPod: '10.60.1.4',
} as const;

export interface Member {
  readonly name: string;
  readonly ip: string;
  readonly ipv6?: string;
}

const HUB = shellFile(new URL('hub.sh', import.meta.url)).text;

/**
 * Makes the hub with its bridge; the load balancers' addresses are the hub's own. A bridge without an address of its own takes
 * the lowest of its ports: with each machine that comes or goes the others would lose the hub for up to half a minute.
 */
export async function makeHub(names: Names): Promise<void> {
  const more = Object.values(address).slice(1);
  await mustShell(HUB, [names.hub, hardwareAddress(address.hub), address.hub, ...more]);
  await resolveNames(names.hub, [`${address.hub} istiod.istio-system.svc`]);
}

/** A member's hardware address follows from its IPv4 address. */
export function hardwareAddress(ip: string): string {
  return ['02', '00', ...ip.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
}

/** Shell text that makes a member's namespace from nothing: no rule, no tracked connection is left from before. */
export function attachScript(names: Names, member: Member): string {
  const ns = namespaceOf(names, member.name);
  const cable = cableOf(member.name);
  return [
    `ip netns del ${ns} 2>/dev/null`,
    `ip -n ${names.hub} link del ${cable} 2>/dev/null`,
    `ip netns add ${ns}`,
    // A machine keeps its hardware address over a reboot; a new one would not be found for half a minute.
    `ip -n ${names.hub} link add ${cable} type veth peer name eth0 address ${hardwareAddress(member.ip)} netns ${ns}`,
    `ip -n ${names.hub} link set ${cable} master br0 up`,
    `ip -n ${ns} link set lo up`,
    `ip -n ${ns} addr add ${member.ip}/24 dev eth0`,
    ...(member.ipv6 ? [`ip -n ${ns} addr add ${member.ipv6}/64 dev eth0 nodad`] : []),
    `ip -n ${ns} link set eth0 up`,
    `ip -n ${ns} route add default via ${address.hub}`,
    '',
  ].join('\n');
}

export async function attach(names: Names, member: Member): Promise<void> {
  const ran = await run(['sh', '-c', `${attachScript(names, member)}`]);
  if (ran.exitCode !== 0) throw new Error(`cannot attach ${member.name}: ${ran.stderr}`);
}

/** Pulls or plugs a member's cable: a machine that is gone without a word. */
export async function setCable(names: Names, member: string, plugged: boolean): Promise<void> {
  await mustShell('ip -n "$1" link set "$2" "$3"', [names.hub, cableOf(member), plugged ? 'up' : 'down']);
}

/** /etc/hosts and resolv.conf that `ip netns exec` shows in a namespace. */
export async function resolveNames(namespace: string, hosts: readonly string[]): Promise<void> {
  const folder = join('/etc/netns', namespace);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'hosts'), ['127.0.0.1 localhost', ...hosts, ''].join('\n'));
  await writeFile(join(folder, 'resolv.conf'), `nameserver ${address.resolver}\n`);
}

/** Removes a namespace with its cable and its name files. */
export async function detach(namespace: string): Promise<void> {
  await run(['ip', 'netns', 'del', namespace]);
  await rm(join('/etc/netns', namespace), { recursive: true, force: true });
}

/** Namespaces of this lab that exist. */
export async function namespacesLeft(names: Names): Promise<readonly string[]> {
  const { stdout } = await run(['ip', 'netns', 'list']);
  const all = stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
  return all.filter((name) => name === names.hub || name.startsWith(`${names.lab}-`));
}

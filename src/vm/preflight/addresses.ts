import { type Answers, first, lines } from './probe.ts';

/** The machine's addresses, and its mesh address; empty if unknown. */
export interface MeshAddress {
  readonly address: string;
  readonly addresses: readonly string[];
  /** No interface has the given address: it is translated on the way to the machine. */
  readonly translated?: true;
}

/** The mesh address: the given one, else the one that routes to the control plane; never just the first. Not a link-local one. */
export function meshAddress(answers: Answers, given: string | undefined): MeshAddress {
  const own = ownAddresses(answers);
  const [routed] = lines(answers, 'route');
  const address = given ?? routed?.trim() ?? (own.length === 1 ? (own[0] ?? '') : '');
  if (address === '' || own.includes(address)) return { address, addresses: own };
  return { address, addresses: [address, ...own], ...(given !== undefined && { translated: true as const }) };
}

/** The addresses of the interfaces. */
export function ownAddresses(answers: Answers): readonly string[] {
  return lines(answers, 'address').map((line) => (line.split(' ')[1] ?? '').replace(/\/.*/, ''));
}

/** The interfaces without the mesh address: the one through which the mesh reaches the machine is captured. */
export function besideMesh(answers: Answers, interfaces: readonly Interface[]): readonly string[] {
  const mesh = first(answers, 'route');
  const holder = lines(answers, 'address').find((line) => line.split(' ')[1]?.replace(/\/.*/, '') === mesh);
  return interfaces.map(([name]) => name).filter((name) => name !== holder?.split(' ')[0]);
}

/** A name and a kind, as the kernel names it. */
export type Interface = readonly [name: string, kind: string];

/** The address of a name in /etc/hosts; undefined if it has none. */
export function hostsAddress(hosts: readonly string[], name: string): string | undefined {
  const entry = hosts
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .find((words) => words.slice(1).includes(name));
  return entry?.[0];
}

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** An address as a range, `10.0.0.9/32`; undefined for a name, which would have to be resolved at each start. */
export function hostCidr(address: string): string | undefined {
  const plain = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (IPV4.test(plain)) return `${plain}/32`;
  return /^[0-9a-f:]+$/i.test(plain) && plain.includes(':') ? `${plain.toLowerCase()}/128` : undefined;
}

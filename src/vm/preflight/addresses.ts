import { type Answers, first, lines } from './probe.ts';

/** The machine's addresses, and the one it has in the mesh. Empty when nothing tells which. */
export interface MeshAddress {
  readonly address: string;
  readonly addresses: readonly string[];
}

/**
 * The mesh address: the one that the operator says, else the one that routes to the control plane; never just the first.
 * Link-local addresses are no candidates.
 */
export function meshAddress(answers: Answers, said: string | undefined): MeshAddress {
  const own = ownAddresses(answers);
  const [routed] = lines(answers, 'route');
  const address = said ?? routed?.trim() ?? (own.length === 1 ? (own[0] ?? '') : '');
  return { address, addresses: address === '' || own.includes(address) ? own : [address, ...own] };
}

/** What the interfaces have. */
export function ownAddresses(answers: Answers): readonly string[] {
  return lines(answers, 'address').map((line) => (line.split(' ')[1] ?? '').replace(/\/.*/, ''));
}

/** Interfaces of some kind without the mesh address: the one by which the mesh reaches the machine is captured. */
export function besideMesh(answers: Answers, interfaces: readonly Interface[]): readonly string[] {
  const mesh = first(answers, 'route');
  const holder = lines(answers, 'address').find((line) => line.split(' ')[1]?.replace(/\/.*/, '') === mesh);
  return interfaces.map(([name]) => name).filter((name) => name !== holder?.split(' ')[0]);
}

/** A name and a kind, in the kernel's words. */
export type Interface = readonly [name: string, kind: string];

/** The address that /etc/hosts gives for a name; undefined when it has none. */
export function hostsAddress(hosts: readonly string[], name: string): string | undefined {
  const entry = hosts
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .find((words) => words.slice(1).includes(name));
  return entry?.[0];
}

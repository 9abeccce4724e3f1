import { readFileSync } from 'node:fs';
import { explain, type Explained } from '../../../src/vm/capture-rules/explain.ts';
import type { Packet } from '../../../src/vm/capture-rules/packet.ts';
import { parseTables } from '../../../src/vm/capture-rules/rules.ts';

/** Rules of Debian 13 with Istio 1.29 and DNS capture (`current`), and of a VM of a classic mesh (`classic`). */
export const rulesOf = (name: string): string =>
  readFileSync(new URL(`../../golden/vm/capture-rules/${name}.rules`, import.meta.url), 'utf8');

const VM = '10.150.0.62';

/** A new connection of a user of the VM. */
export const out = (uid: number, to: string, more: Partial<Packet> = {}): Packet => {
  const [destination = '', port = ''] = to.split(':');
  const local = destination === VM || destination.startsWith('127.');
  const route = local ? { device: 'lo', source: destination } : { device: 'eth0', source: VM };
  return {
    way: 'out',
    family: 4,
    protocol: 'tcp',
    destination,
    port: Number(port),
    mark: 0,
    uid,
    gid: uid,
    local,
    ...route,
    ...more,
  };
};

/** A new connection from another machine. */
export const into = (port: number, more: Partial<Packet> = {}): Packet => ({
  ...{ way: 'in', family: 4, protocol: 'tcp', source: '10.150.0.20', destination: VM, port, mark: 0, device: 'eth0' },
  ...{ local: true, ...more },
});

export const walked = (rules: string, packet: Packet): Explained =>
  explain('iptables-nft', parseTables(rules.split('\n')), packet);

/** `redirected to 15001`, `accepted`, `dropped`, … */
export const end = ({ verdict }: Explained): string =>
  'port' in verdict ? `${verdict.kind} to ${verdict.port}` : verdict.kind;

import { isIP } from 'node:net';
import { entryAddress } from '../../cluster/registration/entries.ts';
import { lines } from '../../vm/preflight/probe.ts';
import { isLoopback, parseListeners } from '../../vm/preflight/sockets.ts';
import type { Seen } from '../check.ts';
import { refusing } from '../preflight/firewall.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';
import { servedPorts } from './served-ports.ts';

const service = { category: 'service', severity: 'error' } as const;

/** The programs behind the ports of the entry. */
export const serviceChecks: readonly VmCheck[] = [
  {
    ...{ ...service, id: 'port-listens' },
    title: 'a program listens on each port of the entry',
    needs: [...SUBJECT, 'machine', 'entries', 'groups'],
    judge: listens,
  },
  {
    ...{ ...service, id: 'port-loopback' },
    title: 'services listen where the sidecar connects, not on loopback only',
    needs: [...SUBJECT, 'machine', 'entries', 'groups'],
    judge: loopback,
  },
  {
    ...{ id: 'port-firewall', category: 'firewall', severity: 'error' },
    title: "the host's firewall accepts connections to the ports of the entry",
    needs: [...SUBJECT, 'machine', 'entries', 'groups'],
    judge: firewall,
  },
];

function listenersOf(facts: VmFacts) {
  const all = parseListeners(lines(facts.machine, 'tcp'));
  return servedPorts(facts).map((port) => ({ ...port, here: all.filter((each) => each.port === port.number) }));
}

function listens(facts: VmFacts): readonly Seen[] {
  const silent = listenersOf(facts).filter(({ here }) => here.length === 0);
  return silent.map(({ name, number }) => {
    const detail = `nothing listens on port ${number} (${name}), so clients get 503 or a closed connection`;
    const hint = `Start the service; see what listens: ${facts.ssh('ss', '-ltnp')}`;
    return wrongOn(facts, detail, { hint });
  });
}

function loopback(facts: VmFacts): readonly Seen[] {
  const inner = listenersOf(facts).filter(({ here }) => here.length > 0 && here.every(isLoopback));
  return inner.map(({ name, number, here: [first] }) => {
    const detail = `port ${number} (${name}) listens on ${first?.address} only, and the sidecar connects to the address of the VM`;
    const hint = `Let it listen on the address of the mesh too (MariaDB: bind-address=0.0.0.0); its file may be found by: ${facts.ssh('grep', '-rnE', 'bind.address|listen', '/etc/mysql', '/etc/nginx', '/etc/postgresql')}`;
    return wrongOn(facts, detail, { hint });
  });
}

/** Where captured connections arrive. */
const INBOUND = 15006;

/** It sees a captured connection at the port of the sidecar; capture repeats its rules for the ports of the entry there. */
function firewall(facts: VmFacts): readonly Seen[] {
  const [address = ''] = facts.entries.map(entryAddress);
  const family = isIP(address) === 6 ? 6 : 4;
  return servedPorts(facts).flatMap(({ name, number }): readonly Seen[] => {
    const found =
      refusing(facts.machine, INBOUND, { by: 'named', family }) ?? refusing(facts.machine, number, { family });
    if (found === undefined) return [];
    const program = found.startsWith('nftables') ? ['nft', 'list', 'ruleset'] : [found, '-S'];
    const detail = `${found} accepts no connection to port ${number} (${name}): clients of the mesh get no answer`;
    const hint = `If they are to be served, accept the port there, by the tool that keeps these rules: ${facts.ssh(...program)}`;
    return [wrongOn(facts, detail, { hint })];
  });
}

import type { Host } from '../host/run/host.ts';
import { hostPort } from '../mesh/address.ts';
import { vmProblems } from '../problems/vm.ts';
import { decisive, doubts, explain, type Explained } from '../vm/capture-rules/explain.ts';
import type { Packet } from '../vm/capture-rules/packet.ts';
import { type Connection, readRules, type RuleFacts } from '../vm/capture-rules/read-rules.ts';
import type { World } from '../world.ts';

/** A connection, by its port and protocol. */
export interface ConnectionQuestion {
  readonly connection: Connection;
  readonly family: 4 | 6;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** Where a new connection goes. */
export interface ConnectionReport {
  readonly packet: Packet;
  readonly user?: RuleFacts['user'];
  /** Every iptables program with the rules that the packet came to. */
  readonly programs: readonly Explained[];
  /** One sentence. */
  readonly verdict: string;
  readonly notes: readonly string[];
}

/**
 * Follows a new connection through the rules of a VM. Changes nothing and sends nothing. Throws `user-unknown`, `no-route`, Problems of
 * the connection to the VM.
 */
export async function explainConnection(
  world: World,
  login: () => Promise<Host>,
  question: ConnectionQuestion,
): Promise<ConnectionReport> {
  await using host = await login();
  const facts = await readRules(host, question.connection, { family: question.family, signal: world.signal });
  return judgeConnection(host.name, question, facts);
}

/** The same for facts. Pure, except that it throws these Problems. */
function judgeConnection(vm: string, question: ConnectionQuestion, facts: RuleFacts): ConnectionReport {
  const packet = packetOf(vm, question, facts);
  const programs = facts.programs.map(({ name, tables }) => explain(name, tables, packet));
  return {
    ...{ packet, programs, verdict: verdictOf(packet, programs), notes: notesOf(facts, packet, programs) },
    ...(facts.user && { user: facts.user }),
  };
}

function packetOf(vm: string, question: ConnectionQuestion, { user, route }: RuleFacts): Packet {
  const { connection, family, protocol, port } = question;
  if ('refused' in route) throw vmProblems.noRoute({ vm, to: addressOf(connection), said: route.refused });
  const common = { family, protocol, port, mark: 0, device: route.device };
  if (connection.way === 'in')
    return {
      ...{ ...common, way: 'in', destination: route.source, local: true },
      ...(connection.source !== undefined && { source: connection.source }),
    };
  if (!user) throw vmProblems.userUnknown({ vm, user: connection.user });
  return {
    ...{ ...common, way: 'out', source: connection.source ?? route.source, destination: connection.destination },
    ...{ local: route.local, uid: user.uid },
    ...(user.gid !== undefined && { gid: user.gid }),
  };
}

function addressOf(connection: Connection): string {
  return connection.way === 'out' ? connection.destination : (connection.source ?? 'clients');
}

/** The ports of a sidecar. */
const PORTS: ReadonlyMap<number, string> = new Map([
  [15001, 'the sidecar, as an outbound connection'],
  [15006, 'the sidecar, as an inbound connection'],
  [15053, 'the DNS of the agent'],
]);

function verdictOf(packet: Packet, programs: readonly Explained[]): string {
  const { one, several } = decisive(programs);
  const direct =
    packet.way === 'out' ? `goes to ${hostPort(packet.destination, packet.port)}` : `reaches port ${packet.port}`;
  if (!one) return `not captured: no iptables rules are loaded; it ${direct}`;
  if (several) return 'cannot be judged: two iptables programs redirect it to different places';
  const { verdict, program, table } = one;
  const by = `${program}, table ${table}: ${verdict.by}`;
  switch (verdict.kind) {
    case 'redirected':
      return `redirected to port ${verdict.port}: ${PORTS.get(verdict.port) ?? 'a program on this VM'} (${by})`;
    case 'translated':
      return `sent to ${verdict.to || 'an address that the rule chooses'} instead (${by})`;
    case 'dropped':
    case 'rejected':
      return `${verdict.kind} (${by})`;
    case 'unknown':
      return `cannot be judged (${by})`;
    case 'accepted':
      return `not captured: it ${direct} without the sidecar`;
  }
}

function notesOf(
  { otherTables, open, proxyUid }: RuleFacts,
  packet: Packet,
  programs: readonly Explained[],
): readonly string[] {
  const uncertain = programs.flatMap(doubts).length;
  const port = `:${packet.port}`;
  const kept = open.filter(([, remote]) => remote.endsWith(port)).length;
  return [
    ...(uncertain > 0
      ? [`rules that cannot be judged: ${uncertain}; if one of them matches, the verdict may be another`]
      : []),
    ...(otherTables.length > 0 ? [`tables of nftables that were not judged: ${otherTables.join(', ')}`] : []),
    ...(packet.uid !== undefined && packet.uid === proxyUid ? [`uid ${packet.uid} is the sidecar's own user`] : []),
    'open connections keep the path they were opened with: nat rules see only the first packet',
    ...(kept > 0 ? [`open connections to this address and port: ${kept}`] : []),
  ];
}

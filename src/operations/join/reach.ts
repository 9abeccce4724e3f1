import { present } from '../../present.ts';
import type { Host } from '../../host/run/host.ts';
import type { Reach } from '../../checks/join/reachability.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import {
  compareReachability,
  type PortProbe,
  probeFrom,
  probePort,
  reachability,
  type Reachability,
} from '../../vm/reachability/reachability.ts';

/** How often the comparison is repeated, because a service may be restarting. */
const ATTEMPTS = 5;

/** The sources of connections, and their target. */
export interface ReachQuestion {
  /** The VM's address in the mesh. */
  readonly address: string;
  /** Ports that listen, as the preflight found them. */
  readonly ports: readonly number[];
  /** Another machine that connects too. */
  readonly client?: Host;
  /** Where meshx itself runs; outside the mesh when absent. */
  readonly seat?: Promise<Seat>;
  readonly signal: AbortSignal;
}

const HERE = 'this machine';

/** Ports of a VM that here and the client can reach. Call it before the first change. */
export async function reachedNow({
  address,
  ports,
  client,
  seat,
  signal,
}: ReachQuestion): Promise<readonly Reachability[]> {
  const places: readonly (readonly [string, PortProbe])[] = [
    ...((await seat)?.outside === false ? [] : ([[HERE, (port: number) => probePort(address, port)]] as const)),
    ...(client ? ([[client.name, probeFrom(client, address, signal)]] as const) : []),
  ];
  return await Promise.all(places.map(([from, probe]) => reachability(from, ports, probe)));
}

/** Connects again and compares: capture must neither open nor close a port. */
export async function compareReach(
  question: ReachQuestion,
  before: readonly Reachability[],
  captured: ReadonlySet<number>,
): Promise<Reach> {
  const seat = await question.seat;
  for (let attempt = 1; ; attempt++) {
    question.signal.throwIfAborted();
    const after = await reachedNow(question);
    const changes = before.flatMap((was, at) => {
      const is = after[at];
      return is ? compareReachability(was, is, captured) : [];
    });
    if (changes.length === 0 || attempt === ATTEMPTS) return { before, changes, ...present({ seat }) };
  }
}

/** Ports that listened but did not accept this machine, because of a firewall. */
export function shutHere(before: readonly Reachability[]): readonly number[] {
  const here = before.find(({ from }) => from === HERE);
  return Object.entries(here?.answers ?? {}).flatMap(([port, answer]) => (answer === 'open' ? [] : [Number(port)]));
}

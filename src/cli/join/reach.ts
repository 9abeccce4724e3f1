import { connect } from 'node:net';
import { present } from '../../present.ts';
import type { Host } from '../../host/run/host.ts';
import type { Reach } from '../../checks/join/reachability.ts';
import type { Seat } from '../../vm/proofs/seat.ts';
import {
  compareReachability,
  type Knock,
  knockFrom,
  type PortAnswer,
  reachability,
  type Reachability,
} from '../../vm/proofs/reachability.ts';

/** How long a port may keep silent, in milliseconds; a silent one is asked twice. */
const SILENCE_MS = 1000;
/** How often the comparison is made again before it counts: a service may just be starting again. */
const ATTEMPTS = 5;

/** From where a VM is asked, and what for. */
export interface ReachQuestion {
  /** The VM's address in the mesh. */
  readonly address: string;
  /** Ports that listen, as the preflight found them. */
  readonly ports: readonly number[];
  /** Another machine that asks too. */
  readonly client?: Host;
  /** Where meshx itself runs; outside the mesh when absent. */
  readonly seat?: Promise<Seat>;
  readonly signal: AbortSignal;
}

const HERE = 'this machine';

/** What can be reached on a VM from here and from the client, to be asked before anything is changed. */
export async function reachedNow({
  address,
  ports,
  client,
  seat,
  signal,
}: ReachQuestion): Promise<readonly Reachability[]> {
  const places: readonly (readonly [string, Knock])[] = [
    ...((await seat)?.outside === false ? [] : ([[HERE, knockFromHere(address)]] as const)),
    ...(client ? ([[client.name, knockFrom(client, address, signal)]] as const) : []),
  ];
  return await Promise.all(places.map(([from, knock]) => reachability(from, ports, knock)));
}

/** Asks again and compares: capture must neither open nor close a port. */
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

/** Ports that listened and gave this machine no connection: between them stands a firewall. */
export function shutHere(before: readonly Reachability[]): readonly number[] {
  const here = before.find(({ from }) => from === HERE);
  return Object.entries(here?.answers ?? {}).flatMap(([port, answer]) => (answer === 'open' ? [] : [Number(port)]));
}

function knockFromHere(address: string): Knock {
  return (port) =>
    new Promise((resolve) => {
      const socket = connect({ host: address, port });
      const end = (answer: PortAnswer): void => {
        socket.destroy();
        resolve(answer);
      };
      socket.setTimeout(SILENCE_MS, () => end('silent'));
      socket.once('connect', () => end('open'));
      // A firewall that rejects answers with an ICMP message: also a refusal.
      socket.once('error', () => end('refused'));
    });
}

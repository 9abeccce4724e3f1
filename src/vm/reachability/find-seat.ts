import { networkInterfaces } from 'node:os';
import type { Host } from '../../host/run/host.ts';
import { present } from '../../present.ts';
import { probePort } from './reachability.ts';
import { judgeSeat, type Seat } from './seat.ts';

/** Where a sidecar accepts outbound connections: Envoy of Istio, and ztunnel within a pod. */
const OUTBOUND_PORT = 15_001;
/** A listener on this machine answers at once. */
const LOCAL_MS = 500;

/** Where meshx runs, as seen from the VM. `session` is SSH_CONNECTION of a login there. Opens at most one connection to the VM. */
export async function seatAt(host: Host, address: string, session = ''): Promise<Seat> {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((each) => each.address));
  const port = Number(session.split(' ')[3] ?? 22);
  return judgeSeat({
    ...{ address, own, session, sidecar: (await probePort('127.0.0.1', OUTBOUND_PORT, LOCAL_MS)) === 'open' },
    ...present({ direct: host.link?.direct }),
    answersThere: () => host.link?.isAt(address, port) ?? Promise.resolve(false),
  });
}

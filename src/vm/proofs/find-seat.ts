import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Host } from '../../host/run/host.ts';
import { present } from '../../present.ts';
import { judgeSeat, type Seat } from './seat.ts';

/** Where a sidecar takes outbound connections: Envoy's of Istio, and ztunnel's within a pod. */
const OUTBOUND_PORT = 15_001;
/** A listener on this machine answers at once. */
const LOCAL_MS = 500;

/** From where the VM would be asked. `session` is SSH_CONNECTION of a login there. Only looks; one connection at most leaves this machine. */
export async function seatAt(host: Host, address: string, session = ''): Promise<Seat> {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((each) => each.address));
  const port = Number(session.split(' ')[3] ?? 22);
  return judgeSeat({
    ...{ address, own, session, sidecar: await listens(OUTBOUND_PORT) },
    ...present({ direct: host.link?.direct }),
    answersThere: () => host.link?.isAt(address, port) ?? Promise.resolve(false),
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(LOCAL_MS, () => end(false));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

import { isIP } from 'node:net';
import { isLoopbackHost } from '../mesh/probe.ts';
import { mapping, text } from '../mesh/unknown.ts';
import type { ReadinessProbe } from '../mesh/workload.ts';
import { isLoopback, type Listener } from '../vm/preflight/sockets.ts';

/** The machine on which pilot-agent runs a readiness probe. */
export interface ProbedMachine {
  /** Addresses of its interfaces. */
  readonly addresses: readonly string[];
  readonly listeners: readonly Listener[];
  /** No interface has its address in the mesh. */
  readonly translated?: boolean;
}

const REDIRECTED =
  'capture redirects it to the sidecar, which accepts it: the probe passes even if the service is down';

/** Why a readiness probe cannot tell whether the service on this machine runs; undefined if it can. Pure. */
export function probeFault(probe: ReadinessProbe, machine: ProbedMachine): string | undefined {
  if (probe['grpc'])
    return 'its gRPC readiness probe stops pilot-agent once the service answers NOT_SERVING, and fails where plaintext is refused';
  const kind = probe['tcpSocket'] ? 'tcpSocket' : 'httpGet';
  const { host, port } = mapping(probe[kind]);
  if (typeof port !== 'number') return undefined;
  const way = { host: text(host) ?? '', port };
  return (kind === 'tcpSocket' ? tcpFault(way, machine) : httpFault(way, machine)) ?? loopbackFault(way, machine);
}

interface Way {
  /** Empty: the VM's address in the mesh. */
  readonly host: string;
  readonly port: number;
}

/** pilot-agent opens the connection as the sidecar's user. */
function tcpFault({ host, port }: Way, { addresses }: ProbedMachine): string | undefined {
  if (host !== '' && !addresses.includes(host)) return undefined;
  return `its TCP readiness probe connects to port ${port} of ${host || 'its own address'}, and ${REDIRECTED}`;
}

/** pilot-agent sends the request from 127.0.0.6, which reaches addresses of this machine only. */
function httpFault({ host, port }: Way, { addresses, translated }: ProbedMachine): string | undefined {
  const isElsewhere = isIP(host) > 0 && !isLoopbackHost(host) && !addresses.includes(host);
  if (!isElsewhere && !(host === '' && translated)) return undefined;
  return `its HTTP readiness probe asks port ${port} of ${host || 'its address in the mesh'}, which no interface has: it never passes`;
}

function loopbackFault({ host, port }: Way, { listeners }: ProbedMachine): string | undefined {
  const here = listeners.filter((listener) => listener.port === port);
  if (!isLoopbackHost(host) || here.length === 0 || here.some(answersOnLoopback)) return undefined;
  const where = here.map(({ address }) => address).join(', ');
  return `its readiness probe connects to port ${port} of ${host}, and a program listens on ${where} only: it never passes`;
}

function answersOnLoopback(listener: Listener): boolean {
  return isLoopback(listener) || ['0.0.0.0', '::', '*'].includes(listener.address);
}

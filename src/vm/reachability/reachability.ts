import { connect } from 'node:net';
import type { Host } from '../../host/run/host.ts';
import { runScript } from '../../host/run/shell.ts';
import { shellFile } from '../../text-files.ts';

/** How a port answers a new TCP connection; `silent` if nothing comes back, as behind a firewall that drops. */
export type PortAnswer = 'open' | 'refused' | 'silent';

/** Tries one port from one machine. */
export type PortProbe = (port: number) => Promise<PortAnswer>;

/** What one machine can reach on the VM. */
export interface Reachability {
  /** `this machine`, or the name of a client. */
  readonly from: string;
  readonly answers: Readonly<Record<number, PortAnswer>>;
}

/** How many ports are tried, in parallel. */
const MOST = 64;
const SILENCE_MS = 1000;

/** A port that answers differently than before. */
export interface ReachChange {
  readonly from: string;
  readonly port: number;
  readonly before: PortAnswer;
  readonly after: PortAnswer;
}

/** Tries each port. A silent one is tried twice: on a busy network an answer can be late without a firewall. */
export async function reachability(from: string, ports: readonly number[], probe: PortProbe): Promise<Reachability> {
  const answer = async (port: number): Promise<readonly [number, PortAnswer]> => {
    const first = await probe(port);
    return [port, first === 'silent' ? await probe(port) : first];
  };
  return { from, answers: Object.fromEntries(await Promise.all(ports.slice(0, MOST).map(answer))) };
}

/**
 * What changed for other machines. A port that is not captured answers as before. A captured port that was open stays open, and
 * one that a firewall kept closed stays closed; if nothing listened, the sidecar may now answer. Ports tried only once are left out.
 */
export function compareReachability(
  before: Reachability,
  after: Reachability,
  captured: ReadonlySet<number>,
): readonly ReachChange[] {
  return Object.entries(before.answers).flatMap(([key, was]) => {
    const port = Number(key);
    const is = after.answers[port];
    const planned = captured.has(port) && was === 'refused';
    if (is === undefined || is === was || planned) return [];
    return [{ from: before.from, port, before: was, after: is }];
  });
}

/** Tries a port of `address` from this machine. */
export function probePort(address: string, port: number, limitMs = SILENCE_MS): Promise<PortAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: PortAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(limitMs, () => end('silent'));
    socket.once('connect', () => end('open'));
    // A firewall that rejects answers with an ICMP message: also a refusal.
    socket.once('error', () => end('refused'));
  });
}

const PROBE_PORT = shellFile(new URL('./probe-port.root.sh', import.meta.url));

/** Tries ports from another machine, with its bash. Throws what `Host.run` throws. */
export function probeFrom(client: Host, address: string, signal?: AbortSignal): PortProbe {
  return async (port) => {
    const { stdout } = await runScript(client, PROBE_PORT, [address, String(port)], { signal, timeoutMs: 10_000 });
    const answer = stdout.trim();
    return answer === 'open' || answer === 'silent' ? answer : 'refused';
  };
}

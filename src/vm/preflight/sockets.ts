import { PROXY_PORTS } from '../../mesh/current/ports.ts';
import type { MeshGeneration } from '../../mesh/generation.ts';
import { type Answers, lines } from './probe.ts';

/** A listening TCP socket or an unconnected UDP socket. */
export interface Listener {
  /** Without brackets and interface; `0.0.0.0`, `::` and `*` are any address. */
  readonly address: string;
  readonly port: number;
  /** Programs that hold it, which the probe identified by their executable. */
  readonly programs: readonly string[];
  /** Names that other processes gave themselves; only for messages. */
  readonly called: readonly string[];
}

/** Parses the probe's lines of sockets; ignores other lines. */
export function parseListeners(lines: readonly string[]): readonly Listener[] {
  return lines.flatMap((line) => {
    const [, address, port] = /(?:^|\s)(\[[^\]]*\](?:%\S+?)?|[^\s\[\]]+?):(\d+)\s+\S+:(?:\*|\d+)/.exec(line) ?? [];
    if (address === undefined || port === undefined) return [];
    const names = [...line.matchAll(/\("([^"]+)",pid=/g)].map(([, name]) => name ?? '');
    const programs = names.filter((name) => !name.startsWith('~'));
    const called = names.flatMap((name) => (name.startsWith('~') ? [name.slice(1)] : []));
    return [{ address: address.replace(/[[\]]/g, '').replace(/%.*/, ''), port: Number(port), programs, called }];
  });
}

/** Whether only programs of the same machine can reach it. */
export function isLoopback({ address }: Listener): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

type SidecarPorts = Pick<MeshGeneration, 'sidecarPorts'>;

const OWN_PROGRAMS = new Set(['envoy', 'pilot-agent']);

/** Listeners of other programs on ports of the sidecar. */
export function takenPorts(listeners: readonly Listener[], { sidecarPorts }: SidecarPorts): readonly Listener[] {
  return listeners.filter(
    ({ port, programs }) => sidecarPorts.has(port) && !programs.some((name) => OWN_PROGRAMS.has(name)),
  );
}

/** Whether no program holds the sidecar's ports: root sees the program of each socket unless it is ending. */
export function hasEndingSidecar(answers: Answers, ports: SidecarPorts): boolean {
  const taken = takenPorts(parseListeners(lines(answers, 'tcp')), ports);
  return taken.length > 0 && taken.every(({ programs, called }) => programs.length + called.length === 0);
}

/** TCP ports that listen for other machines, without the sidecar's own, which an ending sidecar still holds. */
export function listeningPorts(answers: Answers): readonly number[] {
  const listeners = parseListeners(lines(answers, 'tcp')).filter((listener) => !isLoopback(listener));
  const ports = listeners.map(({ port }) => port).filter((port) => !PROXY_PORTS.has(port));
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** Ports of SSH. Includes 22, as sshd may start later. */
export function sshPortsOf(answers: Answers, sshConnection: string): readonly number[] {
  const session = Number(sshConnection.split(/\s+/)[3] ?? 0);
  const found = [...lines(answers, 'ssh').map(Number), session].filter((port) => Number.isInteger(port) && port > 0);
  return [...new Set([22, ...found])].sort((a, b) => a - b);
}

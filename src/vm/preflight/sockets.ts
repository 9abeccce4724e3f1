import { PROXY_PORTS } from '../../mesh/current/ports.ts';
import type { MeshGeneration } from '../../mesh/generation.ts';
import { type Answers, lines } from './probe.ts';

/** A socket that waits for connections or datagrams. */
export interface Listener {
  /** Without brackets and interface; `0.0.0.0`, `::` and `*` stand for every address. */
  readonly address: string;
  readonly port: number;
  /** Names of the programs that hold it, of those that the probe knows by their executable. */
  readonly programs: readonly string[];
  /** What the others that hold it call themselves; for people only. */
  readonly called: readonly string[];
}

/** Reads the probe's lines of listening sockets. Lines that are none are left out. */
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

/** Listeners at ports of the sidecar that are not the sidecar's. */
export function takenPorts(listeners: readonly Listener[], { sidecarPorts }: SidecarPorts): readonly Listener[] {
  return listeners.filter(
    ({ port, programs }) => sidecarPorts.has(port) && !programs.some((name) => OWN_PROGRAMS.has(name)),
  );
}

/** Whether ports of a sidecar are held by no program: root sees the program of each socket but of those that end. */
export function hasEndingSidecar(answers: Answers, ports: SidecarPorts): boolean {
  const taken = takenPorts(parseListeners(lines(answers, 'tcp')), ports);
  return taken.length > 0 && taken.every(({ programs, called }) => programs.length + called.length === 0);
}

/** Not the sidecar's own: they come and go with it, and one that ends just now would be taken for a door that was shut before. */
export function listeningPorts(answers: Answers): readonly number[] {
  const listeners = parseListeners(lines(answers, 'tcp')).filter((listener) => !isLoopback(listener));
  const ports = listeners.map(({ port }) => port).filter((port) => !PROXY_PORTS.has(port));
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** Port 22 always: sshd may be started later. */
export function sshPortsOf(answers: Answers, sshConnection: string): readonly number[] {
  const session = Number(sshConnection.split(/\s+/)[3] ?? 0);
  const found = [...lines(answers, 'ssh').map(Number), session].filter((port) => Number.isInteger(port) && port > 0);
  return [...new Set([22, ...found])].sort((a, b) => a - b);
}

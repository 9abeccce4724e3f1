import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { MeshService } from '../../mesh/workload.ts';
import { lines } from '../../vm/preflight/probe.ts';
import { isLoopback, type Listener, parseListeners, takenPorts } from '../../vm/preflight/sockets.ts';
import type { Seen } from '../check.ts';
import { error, note, risk, type MachineCheck, type MachineFacts } from './machine.ts';

/** Programs that hold the sidecar's ports, and services that the sidecar would not reach. */
export const serviceChecks: readonly MachineCheck[] = [
  error('sidecar', 'port-in-use', 'the sidecar ports are free', portInUse),
  error('service', 'service-on-ssh-port', 'no service uses an SSH port', onSshPort),
  note('service', 'service-not-listening', 'the services listen', notListening),
  {
    ...risk('service', 'loopback-only', 'the services listen where the sidecar connects', onLoopback),
    id: 'service-on-loopback',
  },
];

function portInUse({ machine, input: { generation } }: MachineFacts): readonly Seen[] {
  const udp = parseListeners(lines(machine, 'udp')).filter(({ port }) => port === 15053);
  const taken = takenPorts([...parseListeners(lines(machine, 'tcp')), ...udp], meshGeneration(generation));
  if (taken.length === 0) return [];
  const names = taken.map(
    ({ port, programs, called }) => `${port} by ${programs[0] ?? called[0] ?? 'an unknown program'}`,
  );
  const detail = `Ports of the sidecar are in use: ${[...new Set(names)].join(', ')}.`;
  return [{ ok: false, detail, hint: 'Move these programs to other ports; the sidecar cannot change its ports.' }];
}

interface ServedPort {
  readonly name: string;
  readonly number: number;
}

function portsOf(services: readonly MeshService[]): readonly ServedPort[] {
  return services.flatMap(({ name, ports }) => ports.map(({ number }) => ({ name, number })));
}

function onSshPort({ inspection, input: { services } }: MachineFacts): readonly Seen[] {
  const hint = 'Move the service or sshd to another port; SSH is never captured.';
  return portsOf(services)
    .filter(({ number }) => inspection.facts.sshPorts.includes(number))
    .map(({ name, number }) => ({ ok: false, detail: `${name} uses port ${number}, which is an SSH port.`, hint }));
}

/** Each port of a service, except SSH ports, with its listeners. */
function listeners({ machine, inspection, input }: MachineFacts) {
  const tcp = parseListeners(lines(machine, 'tcp'));
  return portsOf(input.services)
    .filter(({ number }) => !inspection.facts.sshPorts.includes(number))
    .map((served) => ({ ...served, here: tcp.filter(({ port }) => port === served.number) }));
}

function notListening(facts: MachineFacts): readonly Seen[] {
  return listeners(facts)
    .filter(({ here }) => here.length === 0)
    .map(({ name, number }) => ({
      ok: false,
      detail: `Nothing listens on port ${number} for ${name} yet.`,
      hint: `Start ${name}, or check with: ss -ltn 'sport = :${number}'`,
    }));
}

/** A classic sidecar connects to 127.0.0.1; a current one to the instance's address, from 127.0.0.6. */
function onLoopback(facts: MachineFacts): readonly Seen[] {
  if (meshGeneration(facts.input.generation).deliversToLoopback) return [];
  const hint = `Make it listen on the mesh address too (MariaDB: bind-address=0.0.0.0, MySQL grants for '%'), and restrict access with a policy.`;
  return listeners(facts)
    .filter(({ here }) => here.length > 0 && here.every(isLoopback))
    .map(({ name, number, here: [first] }) => ({ ok: false, detail: loopbackOnly(name, number, first), hint }));
}

function loopbackOnly(name: string, port: number, listener: Listener | undefined): string {
  return `${name} listens on ${listener?.address}:${port} only, where the sidecar does not connect.`;
}

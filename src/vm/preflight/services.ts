import { PROXY_PORTS } from '../../mesh/current/ports.ts';
import type { MeshService } from '../../mesh/workload.ts';
import type { Finding } from '../finding.ts';
import type { PreflightInput } from '../preflight-input.ts';
import { type Answers, lines } from './probe.ts';
import { isLoopback, type Listener, parseListeners } from './sockets.ts';

/** The classic proxy has one port for traffic and one for its administration. */
const CLASSIC_PORTS: ReadonlySet<number> = new Set([15000, 15001]);
const OWN_PROGRAMS = new Set(['envoy', 'pilot-agent']);

/** Programs in the way of the sidecar's ports, and services that traffic would not reach. */
export function serviceFindings(
  answers: Answers,
  input: PreflightInput,
  sshPorts: readonly number[],
): readonly Finding[] {
  const tcp = parseListeners(lines(answers, 'tcp'));
  const all = [...tcp, ...parseListeners(lines(answers, 'udp')).filter(({ port }) => port === 15053)];
  return [
    ...portFindings(all, input),
    ...input.services.flatMap((service) => reachability(service, { tcp, input, sshPorts })),
  ];
}

/** Whether ports of a sidecar are held by nobody: root sees the program of each socket but of those that end. */
export function hasEndingSidecar(answers: Answers, input: PreflightInput): boolean {
  const taken = takenPorts(parseListeners(lines(answers, 'tcp')), input);
  return taken.length > 0 && taken.every(({ programs, called }) => programs.length + called.length === 0);
}

function takenPorts(listeners: readonly Listener[], { generation }: PreflightInput): readonly Listener[] {
  const ports = generation === 'current' ? PROXY_PORTS : CLASSIC_PORTS;
  return listeners.filter(({ port, programs }) => ports.has(port) && !programs.some((name) => OWN_PROGRAMS.has(name)));
}

function portFindings(listeners: readonly Listener[], input: PreflightInput): readonly Finding[] {
  const taken = takenPorts(listeners, input);
  if (taken.length === 0) return [];
  const names = [
    ...new Set(
      taken.map(({ port, programs, called }) => `${port} by ${programs[0] ?? called[0] ?? 'an unknown program'}`),
    ),
  ];
  const hint = 'Let these programs listen elsewhere; the sidecar cannot change its ports.';
  return [
    { id: 'port-in-use', severity: 'error', message: `Ports of the sidecar are in use: ${names.join(', ')}.`, hint },
  ];
}

interface Reach {
  readonly tcp: readonly Listener[];
  readonly input: PreflightInput;
  readonly sshPorts: readonly number[];
}

function reachability({ name, ports }: MeshService, { tcp, input, sshPorts }: Reach): readonly Finding[] {
  return ports.flatMap(({ number }): readonly Finding[] => {
    if (sshPorts.includes(number)) {
      const hint = 'Let the service or sshd listen on another port; SSH is never captured.';
      return [
        {
          id: 'service-on-ssh-port',
          severity: 'error',
          message: `${name} would take port ${number}, where SSH answers.`,
          hint,
        },
      ];
    }
    const here = tcp.filter(({ port }) => port === number);
    if (here.length === 0) {
      const message = `Nothing listens on port ${number} for ${name} yet.`;
      return [
        {
          id: 'service-not-listening',
          severity: 'note',
          message,
          hint: `Start ${name}, or look with: ss -ltn 'sport = :${number}'`,
        },
      ];
    }
    // The classic proxy delivers to 127.0.0.1; today's to the instance's address, from 127.0.0.6.
    if (input.generation === 'classic' || !here.every(isLoopback)) return [];
    const message = `${name} listens on ${here[0]?.address}:${number} only, where the sidecar does not deliver.`;
    const hint = `Let it listen on the mesh address too (MariaDB: bind-address=0.0.0.0, MySQL grants for '%'), and keep others out by a policy.`;
    return [{ id: 'service-on-loopback', severity: 'risk', risk: 'loopback-only', message, hint }];
  });
}

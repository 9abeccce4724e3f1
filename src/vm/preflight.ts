import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import { scriptCommand } from '../host/shell.ts';
import { PROXY_PORTS } from '../mesh/current/ports.ts';
import type { VmFacts } from '../mesh/vm-facts.ts';
import { vmProblems } from '../problems/vm.ts';
import { parseEnv } from '../mesh/env-value.ts';
import type { Finding } from './finding.ts';
import type { ResolverRecord } from './input.ts';
import { parseRecord } from './membership-record.ts';
import type { Membership } from './membership.ts';
import type { PreflightInput } from './preflight-input.ts';
import { coexistence } from './preflight/coexistence.ts';
import type { CaptureExclusions } from './preflight/exclusions.ts';
import { ufwKeeps } from './preflight/firewall.ts';
import { hostsAddress, type MeshAddress, meshAddress, nameFindings, reachFindings } from './preflight/network.ts';
import { parseOsRelease } from './preflight/platforms.ts';
import { type Answers, first, lines, parseAnswers, preflightScript, SIDECAR_PROGRAMS } from './preflight/probe.ts';
import { hasEndingSidecar, serviceFindings } from './preflight/services.ts';
import { PLACES } from './places.ts';
import { isLoopback, parseListeners } from './preflight/sockets.ts';
import { resolverFindings } from './resolver/finding.ts';
import { architecture, clockFindings, systemFindings } from './preflight/system.ts';

/** What the machine is, and what stands in the way of taking it into the mesh. */
export interface Preflight {
  readonly facts: VmFacts;
  readonly resolver: ResolverRecord;
  readonly findings: readonly Finding[];
  /** What capture must leave alone; nothing for an image. */
  readonly exclusions: CaptureExclusions;
  /** TCP ports that other machines could reach, were no firewall between, without the sidecar's own: sorted, each once. */
  readonly listening: readonly number[];
  /** What a join before this one recorded, and what the settings say. */
  readonly membership: Pick<Membership, 'record' | 'namespace' | 'group'>;
  /** The binaries of the sidecar that are not there. */
  readonly missing: readonly string[];
  /** Whether meshx has never changed it, or has left nothing there. */
  readonly untouched: boolean;
  /** SSH_CONNECTION of the login: who the machine sees log in, and where. Empty without SSH. */
  readonly session: string;
}

/** Addresses of two unreachable control planes take eight seconds. */
const LIMIT_MS = 30_000;

/** A sidecar that was told to end lets its connections end first, 5 s unless told otherwise, and holds its ports meanwhile. */
const ENDING_MS = 15_000;
const PAUSE_MS = 300;

/** Looks at a machine in one round trip, again while a sidecar ends there, and judges it. Changes nothing. Throws `vm-probe-unreadable` and what `Host.run` throws. */
export async function preflight(host: Host, input: PreflightInput, signal?: AbortSignal): Promise<Preflight> {
  const { port, addresses } = input.controlPlane;
  const start = performance.now();
  const command = { ...scriptCommand(preflightScript(port, addresses)), timeoutMs: LIMIT_MS };
  // sudo takes SSH_CONNECTION out of the environment, so it is asked of the login itself, on the side.
  const session = { argv: ['sh', '-c', 'echo "${SSH_CONNECTION-}"', 'meshx-session'] as const, timeoutMs: LIMIT_MS };
  for (;;) {
    const asked = performance.now();
    const [probe, login] = await Promise.all([host.run(command, signal), host.run(session, signal)]);
    const answers = parseAnswers(probe.stdout);
    if (!answers) throw vmProblems.probeUnreadable({ host: host.name, answer: probe.stdout || probe.stderr });
    const now = new Date(input.now.getTime() + (asked + performance.now()) / 2 - start);
    const found = judge(answers, { ...input, now }, { sshConnection: login.stdout.trim() });
    if (!hasEndingSidecar(answers, input) || performance.now() - start > ENDING_MS) return found;
    await delay(PAUSE_MS, undefined, signal && { signal });
  }
}

/** The judgement alone, over recorded answers. `sshConnection` is SSH_CONNECTION of sshd(8), empty without one. */
export function judge(answers: Answers, input: PreflightInput, session: { readonly sshConnection: string }): Preflight {
  const live = answers['machine'] !== undefined;
  const sshPorts = sshPortsOf(answers, session.sshConnection);
  const mesh: MeshAddress = live
    ? meshAddress(answers, input)
    : { address: input.address ?? '', addresses: [], findings: [] };
  const others = coexistence(live ? answers : {}, input);
  const machine = (): readonly Finding[] => [
    ...clockFindings(answers, input.now),
    ...mesh.findings,
    ...reachFindings(answers, input),
    ...nameFindings(answers, input.generation),
    ...resolverFindings(resolverRecord(answers), vmFacts(answers, { ...mesh, sshPorts }), input.generation),
    ...serviceFindings(answers, input, sshPorts),
    ...others.findings,
  ];
  return {
    facts: vmFacts(answers, { ...mesh, sshPorts }),
    resolver: resolverRecord(answers),
    findings: [...systemFindings(answers, input, live), ...(live ? machine() : [])],
    exclusions: others.exclusions,
    listening: listeningPorts(answers),
    missing: SIDECAR_PROGRAMS.filter((path) => !lines(answers, 'sidecar').includes(path)),
    session: session.sshConnection,
    membership: membershipFacts(answers, input.vm ?? ''),
    untouched: live && !lines(answers, 'meshx').includes(PLACES.state),
  };
}

function membershipFacts(answers: Answers, vm: string): Preflight['membership'] {
  const text = (area: string): string => Buffer.from(first(answers, area), 'base64').toString('utf8');
  const settings = parseEnv(text('cluster-env'));
  const [namespace, group] = [settings.get('POD_NAMESPACE'), settings.get('ISTIO_META_AUTO_REGISTER_GROUP')];
  const record = parseRecord(vm, text('membership'));
  return { ...(record && { record }), ...(namespace && { namespace }), ...(group && { group }) };
}

function vmFacts(answers: Answers, network: Pick<VmFacts, 'address' | 'addresses' | 'sshPorts'>): VmFacts {
  const { id, version, name } = parseOsRelease(lines(answers, 'os'));
  const hostname = first(answers, 'hostname');
  const hostnameAddress = hostsAddress(lines(answers, 'hosts'), hostname);
  return {
    os: { id, version, name },
    architecture: architecture(answers),
    hostname,
    ...(hostnameAddress !== undefined && { hostnameAddress }),
    address: network.address,
    addresses: network.addresses,
    sshPorts: network.sshPorts,
    nameservers: lines(answers, 'resolv').flatMap((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? []),
    ...(ufwKeeps(answers) && { ufw: true as const }),
  };
}

/** Not the sidecar's own: they come and go with it, and one that ends just now would be taken for a door that was shut before. */
function listeningPorts(answers: Answers): readonly number[] {
  const listeners = parseListeners(lines(answers, 'tcp')).filter((listener) => !isLoopback(listener));
  const ports = listeners.map(({ port }) => port).filter((port) => !PROXY_PORTS.has(port));
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** Port 22 always: somebody may start sshd later. */
function sshPortsOf(answers: Answers, sshConnection: string): readonly number[] {
  const session = Number(sshConnection.split(/\s+/)[3] ?? 0);
  const found = [...lines(answers, 'ssh').map(Number), session].filter((port) => Number.isInteger(port) && port > 0);
  return [...new Set([22, ...found])].sort((a, b) => a - b);
}

function resolverRecord(answers: Answers): ResolverRecord {
  const text = (area: string): string =>
    lines(answers, area)
      .map((line) => `${line}\n`)
      .join('');
  const link = first(answers, 'link');
  return {
    resolvConf: text('resolv'),
    resolved: lines(answers, 'resolved'),
    nsswitch: text('nsswitch'),
    ...(link !== '' && { link }),
    active: lines(answers, 'active'),
    programs: lines(answers, 'program'),
    files: lines(answers, 'file'),
  };
}

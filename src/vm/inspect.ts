import { meshGeneration } from '../mesh/mesh-generation.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { parseEnv } from '../mesh/env-value.ts';
import { SIDECAR_PACKAGE } from '../mesh/istio-package.ts';
import type { VmFacts } from '../mesh/vm-facts.ts';
import { present } from '../present.ts';
import { vmProblems } from '../problems/vm.ts';
import type { ResolverRecord } from './input.ts';
import { parseRecord } from './membership-record.ts';
import type { Membership } from './membership.ts';
import { PLACES } from './places.ts';
import type { PreflightInput } from './preflight-input.ts';
import { hostsAddress, meshAddress } from './preflight/addresses.ts';
import { type CaptureExclusions, captureExclusions } from './preflight/exclusions.ts';
import { serviceOfDrainUnit } from './steps/drain-unit.ts';
import { hasUfw } from './preflight/firewall-rules.ts';
import { type MachinePackages, machinePackages } from './preflight/machine-packages.ts';
import { architecture, parseOsRelease } from './preflight/platforms.ts';
import { type Answers, first, lines, parseAnswers, preflightScript, SIDECAR_PROGRAMS } from './preflight/probe.ts';
import { portUnits } from './preflight/port-units.ts';
import { hasEndingSidecar, type Listener, listeningPorts, parseListeners, sshPortsOf } from './preflight/sockets.ts';

/** The facts of a machine, read in one round trip. */
export interface Inspection {
  readonly facts: VmFacts;
  readonly resolver: ResolverRecord;
  /** What capture must exclude; empty for an image. */
  readonly exclusions: CaptureExclusions;
  /** TCP ports that listen for other machines, without the sidecar's own: sorted and unique. */
  readonly listening: readonly number[];
  /** Every TCP socket that listens. */
  readonly listeners: readonly Listener[];
  /** The record of an earlier join, and its settings. */
  readonly membership: Pick<Membership, 'record' | 'namespace' | 'group'>;
  /** The agent of an earlier join. */
  readonly agent: InstalledAgent;
  /** Missing binaries of the sidecar. */
  readonly missing: readonly string[];
  readonly packages: MachinePackages;
  /** Whether nothing of meshx is on the machine. */
  readonly untouched: boolean;
  /** SSH_CONNECTION of the login: both ends as the machine sees them. Empty without SSH. */
  readonly session: string;
}

/** What the machine has of an agent; untrusted text. */
export interface InstalledAgent {
  /** /etc/machine-id. Confidential: machine-id(5). Empty in an image. */
  readonly machineId: string;
  /** Text of agent.yaml, if there is one. */
  readonly settings?: string;
  /** Whether its program is there. */
  readonly program: boolean;
  /** Texts of the files of services, by name of the file. */
  readonly services: Readonly<Record<string, string>>;
  /** Names of the services that a unit of meshx drains. */
  readonly drains?: readonly string[];
  /** Units of systemd that listen on TCP ports, by the port's number. */
  readonly portUnits?: Readonly<Record<string, string>>;
}

/** The answers, for checks. */
export interface Inspected {
  readonly answers: Answers;
  /** SSH_CONNECTION of sshd(8); empty without SSH. */
  readonly session: string;
  /** The operator's clock when the machine answered. */
  readonly now: Date;
}

/** Two unreachable control planes take eight seconds. */
const LIMIT_MS = 30_000;

/** A sidecar drains its connections before it ends, for 5 s by default, and holds its ports until then. */
const ENDING_MS = 15_000;
const PAUSE_MS = 300;

/** Reads a machine in one round trip, again while a sidecar ends there. Throws `vm-probe-unreadable` and what `Host.run` throws. */
export async function inspect(host: Host, input: PreflightInput, signal?: AbortSignal): Promise<Inspected> {
  const { port, addresses } = input.controlPlane;
  const start = performance.now();
  const script = preflightScript(port, addresses, input.asksRepositories && SIDECAR_PACKAGE);
  const command = { ...scriptCommand(script), timeoutMs: LIMIT_MS };
  // sudo removes SSH_CONNECTION from the environment, so a command without root reads it.
  const session = { argv: ['sh', '-c', 'echo "${SSH_CONNECTION-}"', 'meshx-session'] as const, timeoutMs: LIMIT_MS };
  for (;;) {
    const sent = performance.now();
    const [probe, login] = await Promise.all([host.run(command, signal), host.run(session, signal)]);
    const answers = parseAnswers(probe.stdout);
    if (!answers) throw vmProblems.probeUnreadable({ host: host.name, answer: probe.stdout || probe.stderr });
    const now = new Date(input.now.getTime() + (sent + performance.now()) / 2 - start);
    if (!hasEndingSidecar(answers, meshGeneration(input.generation)) || performance.now() - start > ENDING_MS)
      return { answers, session: login.stdout.trim(), now };
    await delay(PAUSE_MS, undefined, signal && { signal });
  }
}

/** Whether the answers are of a running machine, not of an image. */
export function isLive(answers: Answers): boolean {
  return answers['machine'] !== undefined;
}

/** Parses the answers. Pure. */
export function inspectionOf({ answers, session }: Omit<Inspected, 'now'>, input: PreflightInput): Inspection {
  const live = isLive(answers);
  const network = live ? meshAddress(answers, input.address) : { address: input.address ?? '', addresses: [] };
  return {
    facts: vmFacts(answers, { ...network, sshPorts: sshPortsOf(answers, session) }),
    resolver: resolverRecord(answers),
    exclusions: captureExclusions(live ? answers : {}),
    listening: listeningPorts(answers),
    listeners: parseListeners(lines(answers, 'tcp')),
    missing: SIDECAR_PROGRAMS.filter((path) => !lines(answers, 'sidecar').includes(path)),
    packages: machinePackages(answers),
    session,
    membership: membershipFacts(answers, input.vm ?? ''),
    agent: installedAgent(answers),
    untouched: live && !lines(answers, 'meshx').includes(PLACES.state),
  };
}

function installedAgent(answers: Answers): InstalledAgent {
  const decoded = (text: string): string => Buffer.from(text, 'base64').toString('utf8');
  const settings = decoded(first(answers, 'agent'));
  const files = lines(answers, 'agent-service').map((line) => line.split(' '));
  return {
    machineId: first(answers, 'machine-id'),
    ...(settings !== '' && { settings }),
    program: first(answers, 'agent-program') !== '',
    services: Object.fromEntries(files.map(([name = '', text = '']) => [name, decoded(text)] as const)),
    drains: lines(answers, 'agent-drain').flatMap((line) => serviceOfDrainUnit(line) ?? []),
    portUnits: portUnits(answers),
  };
}

function membershipFacts(answers: Answers, vm: string): Inspection['membership'] {
  const text = (area: string): string => Buffer.from(first(answers, area), 'base64').toString('utf8');
  const settings = parseEnv(text('cluster-env'));
  const [namespace, group] = [settings.get('POD_NAMESPACE'), settings.get('ISTIO_META_AUTO_REGISTER_GROUP')];
  const record = parseRecord(vm, text('membership'));
  return { ...(record && { record }), ...(namespace && { namespace }), ...(group && { group }) };
}

function vmFacts(
  answers: Answers,
  network: Pick<VmFacts, 'address' | 'addresses' | 'translated' | 'sshPorts'>,
): VmFacts {
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
    ...present({ translated: network.translated }),
    sshPorts: network.sshPorts,
    nameservers: lines(answers, 'resolv').flatMap((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? []),
    ...(hasUfw(lines(answers, 'iptables')) && { ufw: true as const }),
  };
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

import type { MachineReading, MachineStatus, UnitStatus } from '../../operations/status/machine-status.ts';
import type { MeshStatus, ServiceStatus, VmStatus } from '../../operations/status/mesh-status.ts';
import { formatTable } from '../table.ts';
import { age, left } from './age.ts';
import { remarksOf, servicesCell } from './table.ts';

type Fact = readonly [name: string, words: string | undefined];

/** One VM: what the cluster has of it, what is wrong with it, and what it says of itself: units, processes, logs. */
export function formatDetails(status: MeshStatus): readonly string[] {
  const each = status.vms.map((vm) => detailsOf(vm, status.at));
  const notes = status.notes.map((note) => `note: ${note}`);
  return [...each.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])), ...notes];
}

function detailsOf(vm: VmStatus, now: string): readonly string[] {
  const { machine } = vm;
  const found = machine && 'found' in machine ? machine.found : undefined;
  const facts = [...ofCluster(vm, now), ...(machine && found ? ofMachine(machine, found, now) : [])];
  return [
    ...formatTable(facts.flatMap(([name, words]) => (words === undefined ? [] : [[name, words]]))).split('\n'),
    ...remarksOf(vm).map((remark) => `! ${remark}`),
    ...(found ? [...unitLines(found.units, now), ...processLines(found), ...logLines(found)] : []),
  ];
}

function ofCluster({ vm, namespace, ...rest }: VmStatus, now: string): readonly Fact[] {
  const { group, entry, address, state, since, services, connection, agent, network, serviceAccount } = rest;
  const objects = [
    ...(group === undefined ? [] : [`WorkloadGroup ${group}`]),
    ...(entry === undefined ? [] : [`WorkloadEntry ${entry}`]),
  ];
  return [
    [
      'VM',
      `${vm}${namespace === '' ? '' : ` in namespace ${namespace}`}${objects.length === 0 ? '' : ` (${objects.join(', ')})`}`,
    ],
    [
      'Address',
      address === undefined || address === ''
        ? undefined
        : `${address}${network === undefined ? '' : ` in network ${network}`}`,
    ],
    ['Account', serviceAccount],
    ['State', since === undefined ? state : `${state} for ${age(since, now)}`],
    ['Services', services.length === 0 ? undefined : services.map((service) => serviceWords(service, now)).join('; ')],
    [
      'Istiod',
      connection && `${connection.connected ? 'connected to' : 'no connection since'} ${connectionWords(connection)}`,
    ],
    ['Agent', agent && `generation ${agent.generation ?? '?'}, last report ${age(agent.lastWord, now)} ago`],
  ];
}

function connectionWords({ connected, istiod, since }: NonNullable<VmStatus['connection']>): string {
  return connected ? `${istiod ?? 'istiod'} since ${since ?? '?'}` : `${since ?? '?'}; it was ${istiod ?? 'unknown'}`;
}

function serviceWords(service: ServiceStatus, now: string): string {
  const { since, reason = '' } = service;
  const words = [...(since === undefined ? [] : [`for ${age(since, now)}`]), ...(reason === '' ? [] : [reason])].join(
    ': ',
  );
  return `${servicesCell([service])}${words === '' ? '' : ` (${words})`}`;
}

function ofMachine({ host }: MachineReading, found: MachineStatus, now: string): readonly Fact[] {
  const { hostname, system, kernel, versions, proxyState, certificate, offUntil, capture, plan } = found;
  const named = [
    ['package', versions.package],
    ['sidecar', versions.sidecar],
    ['Envoy', versions.envoy],
    ['agent', versions.agent],
  ].flatMap(([name, version]) => (version === undefined ? [] : [`${name} ${version}`]));
  return [
    ['Machine', `${hostname}${host === hostname ? '' : `, reached as ${host}`}: ${system}, Linux ${kernel}`],
    ['Versions', named.join(', ') || undefined],
    ['Proxy', proxyState],
    [
      'Certificate',
      certificate &&
        `${certificate.identities.join(', ')} until ${certificate.until} (${left(certificate.until, now)})`,
    ],
    ['May be off', offUntil && `until ${offUntil}`],
    ['Capture', capture.state],
    ['Next plan', plan.state === 'changes' ? `${plan.changes.length} changes` : plan.state],
  ];
}

function unitLines(units: readonly UnitStatus[], now: string): readonly string[] {
  if (units.length === 0) return [];
  const rows = units.map(
    ({ name, active, sub, since, enabled, restarts, pid, memoryBytes, cpuSeconds, description }) => [
      name,
      `${active} (${sub})`,
      age(since, now),
      enabled,
      String(restarts),
      pid === undefined ? '-' : String(pid),
      memoryBytes === undefined ? '-' : mib(memoryBytes),
      cpuSeconds === undefined ? '-' : `${cpuSeconds} s`,
      description,
    ],
  );
  const head = ['UNIT', 'ACTIVE', 'SINCE', 'AT-BOOT', 'RESTARTS', 'PID', 'MEMORY', 'CPU', 'DESCRIPTION'];
  const documented = units.flatMap(({ name, documentation, file }) =>
    documentation === undefined ? [] : [`${name}: ${file ?? 'no file'}; ${documentation}`],
  );
  return ['', ...formatTable([head, ...rows]).split('\n'), ...documented];
}

function processLines({ processes }: MachineStatus): readonly string[] {
  if (processes.length === 0) return [];
  const rows = processes.map(({ user, pid, kib, openFiles, command }) => [
    user,
    String(pid),
    mib(kib * 1024),
    String(openFiles),
    command,
  ]);
  return ['', ...formatTable([['USER', 'PID', 'MEMORY', 'FILES', 'COMMAND'], ...rows]).split('\n')];
}

function logLines({ logs }: MachineStatus): readonly string[] {
  const sources = [...new Set(logs.map(({ source }) => source))];
  return sources.flatMap((source) => [
    '',
    `${source}:`,
    ...logs.filter((line) => line.source === source).map(({ text }) => `  ${text.replaceAll('\t', '  ')}`),
  ]);
}

function mib(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

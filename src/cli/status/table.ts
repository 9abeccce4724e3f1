import { groupedBy } from '../../checks/mesh/objects.ts';
import type { MachineReading, MachineStatus, UnitStatus } from '../../operations/status/machine-status.ts';
import type { MeshStatus, ServiceStatus, VmStatus } from '../../operations/status/mesh-status.ts';
import { formatTable } from '../table.ts';
import { age, left } from './age.ts';

type Column = readonly [head: string, cell: (vm: VmStatus, now: string) => string];

const COLUMNS: readonly Column[] = [
  ['VM', ({ vm }) => vm],
  ['NAMESPACE', ({ namespace }) => namespace],
  ['ADDRESS', ({ address }) => address || '-'],
  ['STATE', ({ state }) => state],
  ['SINCE', ({ since }, now) => age(since, now)],
  ['SERVICES', ({ services }) => servicesCell(services)],
];

const WIDE: readonly Column[] = [
  ['ISTIOD', ({ connection }) => connection?.istiod ?? '-'],
  ['CONNECTED', ({ connection }, now) => (connection?.connected === true ? age(connection.since, now) : '-')],
  ['AGENT', ({ agent }) => (agent ? `generation ${agent.generation ?? '?'}` : '-')],
  ['LAST-REPORT', ({ agent }, now) => age(agent?.lastWord, now)],
  ['ENTRY', ({ entry }) => entry ?? '-'],
  ['MADE-BY', ({ meshx }) => (meshx ? 'meshx' : 'others')],
];

const DEEP: readonly Column[] = [
  ['SIDECAR', ofMachine(({ versions }) => versions.sidecar ?? versions.package ?? '-')],
  ['CERTIFICATE', ofMachine(({ certificate }, now) => left(certificate?.until, now))],
  ['CAPTURE', ofMachine(({ capture }) => capture.state)],
  ['UNITS', ofMachine(({ units }) => unitsCell(units))],
  ['PLAN', ofMachine(({ plan }) => (plan.state === 'changes' ? `${plan.changes.length} changes` : plan.state))],
];

function ofMachine(cell: (machine: MachineStatus, now: string) => string): Column[1] {
  return ({ machine }, now) => (machine && 'found' in machine ? cell(machine.found, now) : '-');
}

function unitsCell(units: readonly UnitStatus[]): string {
  const bad = units.filter(({ good }) => !good).map(({ name, active }) => `${name.replace('.service', '')} ${active}`);
  return bad.length === 0 ? 'ok' : bad.join(', ');
}

/** Services of which a cell shows each by its name. */
const MOST_NAMES = 3;

/** The VMs as a table, and under it what is wrong with each. `wide`: with the columns of the connection and the agent. */
export function formatStatus(status: MeshStatus, wide: boolean): readonly string[] {
  const { vms, at, notes } = status;
  const isDeep = vms.some(({ machine }) => machine !== undefined);
  const columns = [...COLUMNS, ...(isDeep ? DEEP : []), ...(wide ? WIDE : [])];
  const rows = vms.map((vm) => columns.map(([, cell]) => cell(vm, at)));
  const table = vms.length === 0 ? [] : formatTable([columns.map(([head]) => head), ...rows]).split('\n');
  const remarks = vms.flatMap((vm) => remarksOf(vm).map((remark) => `${vm.namespace}/${vm.vm}: ${remark}`));
  const rest = [...remarks, ...notes.map((note) => `note: ${note}`)];
  return [...table, ...(table.length > 0 ? [''] : []), ...rest, ...(rest.length > 0 ? [''] : []), summaryOf(status)];
}

/** What is wrong with a VM, as sentences without an end. */
export function remarksOf({ services, disagreements, probe, machine, address }: VmStatus): readonly string[] {
  const down = services.filter(({ state, reason }) => state !== 'ready' && reason !== undefined);
  return [
    ...down.map(({ name, state, reason = '' }) => `${name} is ${state}: ${reason}`),
    ...(probe?.healthy === false && probe.message !== undefined ? [`its probe fails: ${probe.message}`] : []),
    ...disagreements,
    ...(machine ? remarksOfMachine(machine, address) : []),
  ];
}

/** Changes of the next plan that are shown. */
const MOST_CHANGES = 3;

function remarksOfMachine(machine: MachineReading, address = ''): readonly string[] {
  if (!('found' in machine)) return [`it was not read: ${machine.problem.message} ${machine.problem.hint}`];
  const { capture, units, plan, addresses } = machine.found;
  const isOther = address !== '' && !addresses.includes(address);
  const changes = plan.changes.slice(0, MOST_CHANGES);
  const more = plan.changes.length - changes.length;
  return [
    ...(isOther ? [`the machine ${machine.host} has other addresses: ${addresses.join(', ')}`] : []),
    ...(capture.reason === undefined ? [] : [`capture is ${capture.state}: ${capture.reason}`]),
    ...units.filter(({ good }) => !good).map(({ name, active, sub, load }) => `${name} is ${active} (${sub}, ${load})`),
    ...changes.map((change) => `the next plan would ${change}`),
    ...(more > 0 ? [`the next plan has ${more} more ${more === 1 ? 'change' : 'changes'}`] : []),
    ...(plan.reason === undefined ? [] : [`the next plan is unknown: ${plan.reason}`]),
  ];
}

/** `mysqldb:3306, web:8080 down`; of many services only those that are not ready are named. */
export function servicesCell(services: readonly ServiceStatus[]): string {
  if (services.length === 0) return '-';
  const named = services.length <= MOST_NAMES ? services : services.filter(({ state }) => state !== 'ready');
  const rest = services.length - named.length;
  const shown = named.slice(0, MOST_NAMES).map(serviceWords);
  const more = named.length - shown.length;
  return [...(rest > 0 ? [`${rest} ready`] : []), ...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function serviceWords({ name, state, served, ports }: ServiceStatus): string {
  const numbers = ports.map(({ number }) => number).join('+');
  const word = state === 'ready' && !served ? 'not served' : state;
  return `${name}${numbers === '' ? '' : `:${numbers}`}${word === 'ready' ? '' : ` ${word}`}`;
}

/** `3 VMs: 2 ready, 1 down; istiod 1.30.4` */
function summaryOf({ vms, istiod }: MeshStatus): string {
  const counts = groupedBy(vms, ({ state }) => state);
  const states = [...counts].map(([state, all]) => `${all.length} ${state}`).join(', ');
  const count = `${vms.length} ${vms.length === 1 ? 'VM' : 'VMs'}${states === '' ? '' : `: ${states}`}`;
  return istiod === undefined ? count : `${count}; istiod ${istiod}`;
}

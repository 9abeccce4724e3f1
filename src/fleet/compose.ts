import { fleetProblems } from '../problems/fleet.ts';
import { present } from '../present.ts';
import type { Fleet, FleetVm } from './fleet.ts';
import { hostsOf, MOST_HOSTS } from './host-range.ts';
import { at, type FieldPath } from './read-file.ts';
import type { FleetFile, FleetGroup, FleetHost } from './schema.ts';

/** What an inventory says: the hosts of each group, and settings of hosts. */
export interface Inventory {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly hosts: Readonly<Record<string, FleetHost>>;
}

/** A file with its text, for messages with line and column. */
export interface ReadFile {
  readonly path: string;
  readonly text: string;
  readonly file: FleetFile;
}

type Settings = Pick<FleetHost, 'labels' | 'services' | 'options'>;
type Draft = Omit<FleetVm, 'name'>;

/**
 * The VMs of a fleet. Settings of a host win over those of its groups, a later group over an earlier one, and groups over the fleet.
 * Labels and services are merged by name; every other option is replaced as a whole. Of an inventory, only groups that the file names
 * count. Pure. Throws `fleet-file-invalid`.
 */
export function composeFleet(read: ReadFile, inventories: readonly Inventory[] = []): Fleet {
  const { file } = read;
  const members = new Map<string, string[]>();
  for (const [group, settings] of Object.entries(file.groups))
    for (const host of hostsOfGroup(read, group, settings ?? {}, inventories))
      members.set(host, [...(members.get(host) ?? []), group]);
  if (members.size > MOST_HOSTS)
    throw invalid(read, ['groups'], `the fleet has ${members.size} hosts, and ${MOST_HOSTS} is the most`);
  const vms = [...members].map(([name, groups]) => ({ name, ...vmOf(read, { name, groups, inventories }) }));
  return { name: file.fleet, rollout: file.rollout ?? {}, vms };
}

function invalid({ path, text }: ReadFile, field: FieldPath, reason: string): Error {
  return fleetProblems.fileInvalid({ path, issues: [`${at(path, text, field)}: ${reason}`] });
}

function hostsOfGroup(
  read: ReadFile,
  group: string,
  { hosts = [] }: FleetGroup,
  inventories: readonly Inventory[],
): readonly string[] {
  const named = (Array.isArray(hosts) ? hosts : Object.keys(hosts)).flatMap((name, index) => {
    const all = hostsOf(name);
    if (all) return all;
    const field: FieldPath = ['groups', group, 'hosts', Array.isArray(hosts) ? index : name];
    throw invalid(read, field, `${name} is no range: write the smaller number first, and ${MOST_HOSTS} hosts at most`);
  });
  return [...new Set([...named, ...inventories.flatMap(({ groups }) => own(groups, group) ?? [])])];
}

interface Asked {
  readonly name: string;
  readonly groups: readonly string[];
  readonly inventories: readonly Inventory[];
}

function vmOf({ file }: ReadFile, { name, groups, inventories }: Asked): Draft {
  const ofFleet = merged(EMPTY, file, []);
  const ofGroups = groups.reduce((draft, group) => merged(draft, file.groups[group] ?? {}, ['groups', group]), ofFleet);
  const said = inventories.flatMap(({ hosts }) => own(hosts, name) ?? []);
  const ofInventory = said.reduce((draft, host) => merged(draft, host, undefined), ofGroups);
  const ofHost = groups.flatMap((group) => ownSettings(file.groups[group]?.hosts, group, name));
  const vm = ofHost.reduce((draft, { settings, path }) => merged(draft, settings, path), ofInventory);
  const address = [...said, ...ofHost.map(({ settings }) => settings)].findLast(
    (each) => each.address !== undefined,
  )?.address;
  return { ...vm, groups, ...present({ address }) };
}

/** The settings of a host: its own, and those of a range that includes it. */
function ownSettings(hosts: FleetGroup['hosts'], group: string, name: string) {
  if (hosts === undefined || Array.isArray(hosts)) return [];
  const keys = Object.keys(hosts).filter((key) => hostsOf(key)?.includes(name));
  // Its own name last: it says more than a range.
  const sorted = keys.sort((a, b) => Number(a === name) - Number(b === name));
  return sorted.map((key) => ({ settings: hosts[key] ?? {}, path: ['groups', group, 'hosts', key] as FieldPath }));
}

const EMPTY: Draft = { groups: [], labels: {}, services: [], options: {}, origins: {} };

function merged(
  draft: Draft,
  { labels = {}, services = [], options = {} }: Settings,
  path: FieldPath | undefined,
): Draft {
  const given = present(options);
  const set = [...Object.keys(given).map((key) => [key, ['options', key]] as const)];
  const more = [
    ...(services.length > 0 ? [['service', ['services']] as const] : []),
    ...(Object.keys(labels).length > 0 ? [['labels', ['labels']] as const] : []),
  ];
  const origins =
    path === undefined ? {} : Object.fromEntries([...set, ...more].map(([key, field]) => [key, [...path, ...field]]));
  const replaced = Object.keys(given).filter((key) => !(key in origins));
  const before = Object.fromEntries(Object.entries(draft.origins).filter(([key]) => !replaced.includes(key)));
  return {
    ...draft,
    labels: { ...draft.labels, ...labels },
    services: mergedServices(draft.services, services),
    options: { ...draft.options, ...given },
    origins: { ...before, ...origins },
  };
}

/** A service that is named again replaces all its former ports. */
function mergedServices(before: readonly string[], now: readonly string[]): readonly string[] {
  const named = now.map(nameOf);
  return [...before.filter((service) => !named.includes(nameOf(service))), ...now];
}

function nameOf(service: string): string {
  return service.split(':')[0] ?? service;
}

/** A host may be called `constructor`. */
function own<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

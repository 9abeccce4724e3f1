import { readJson } from '../documents/json.ts';
import { Unreadable } from '../documents/unreadable.ts';
import { list, mapping } from '../mesh/unknown.ts';
import { present } from '../present.ts';
import type { Inventory } from './compose.ts';
import { hostsOf, MOST_HOSTS } from './host-range.ts';
import { type FleetHost, InventoryHostSchema } from './schema.ts';

/**
 * Reads what an inventory script prints for `--list`: groups with `hosts`, `vars` and `children`, and `_meta.hostvars`
 * (https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html). A group may also be a plain list. Of the variables,
 * `ansible_host`, `ansible_user` and `ansible_port` say how SSH reaches a host, and `meshx` has settings as a host of the fleet file.
 * Returns why it is unreadable otherwise. The text is hostile: nothing of it is used before it fits the schema.
 */
export function readAnsibleInventory(printed: string): Inventory | { readonly reason: string } {
  const value = valueOf(printed);
  if (value instanceof Unreadable) return { reason: `it is not JSON: ${value.message}` };
  const all = mapping(value);
  const names = Object.keys(all).filter((name) => name !== '_meta');
  if (names.length === 0) return { reason: 'it has no groups' };
  if (names.length > MOST_GROUPS) return { reason: `it has ${names.length} groups, and ${MOST_GROUPS} is the most` };
  const groups = Object.fromEntries(names.map((name) => [name, hostsIn(all, name)]));
  const hosts = [...new Set(Object.values(groups).flat())];
  if (hosts.length > MOST_HOSTS) return { reason: `it has ${hosts.length} hosts, and ${MOST_HOSTS} is the most` };
  const wrong = hosts.find((host) => !NAME.test(host) || hostsOf(host)?.length !== 1);
  if (wrong !== undefined) return { reason: `${JSON.stringify(wrong.slice(0, 80))} is no name of a host` };
  const hostvars = mapping(mapping(all['_meta'])['hostvars']);
  const above = groupsOf(groups);
  const settings = hosts.map(
    (host) => [host, hostOf({ ...varsOf(all, above.get(host)), ...mapping(own(hostvars, host)) })] as const,
  );
  const bad = settings.find(([, found]) => typeof found === 'string');
  if (bad) return { reason: `${bad[0]}: ${String(bad[1])}` };
  return { groups, hosts: Object.fromEntries(settings) as Readonly<Record<string, FleetHost>> };
}

/** Each may have all groups below it. */
const MOST_GROUPS = 10_000;

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@:/-]{0,252}$/;

function valueOf(printed: string): unknown {
  try {
    return readJson(printed);
  } catch (error) {
    return error instanceof Unreadable ? error : new Unreadable('it cannot be parsed');
  }
}

/** Hosts of a group and its children. Each group below is read once: groups that share children would else take exponential time. */
function hostsIn(all: Readonly<Record<string, unknown>>, top: string): readonly string[] {
  const [names, hosts] = [new Set([top]), new Set<string>()];
  // A set also visits what is added on the way.
  for (const name of names) {
    const group = own(all, name);
    const direct = Array.isArray(group) ? group : list(mapping(group)['hosts']);
    for (const host of direct) if (typeof host === 'string') hosts.add(host);
    for (const child of list(mapping(group)['children'])) if (typeof child === 'string') names.add(child);
  }
  return [...hosts];
}

/** The groups of each host, in the order of the inventory. */
function groupsOf(groups: Inventory['groups']): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [name, hosts] of Object.entries(groups))
    for (const host of hosts) {
      const known = found.get(host);
      if (known) known.push(name);
      else found.set(host, [name]);
    }
  return found;
}

function varsOf(all: Readonly<Record<string, unknown>>, groups: readonly string[] = []) {
  return Object.assign({}, ...groups.map((name) => mapping(mapping(own(all, name))['vars']))) as Readonly<
    Record<string, unknown>
  >;
}

/** A group may be called `constructor`. */
function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The settings of a host, or why they are invalid. */
function hostOf(vars: Readonly<Record<string, unknown>>): FleetHost | string {
  const parsed = InventoryHostSchema.safeParse(vars['meshx'] ?? {});
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path, message }) => `meshx.${path.join('.')} ${message}`);
    return fields.slice(0, 3).join('; ').slice(0, 300);
  }
  const [address, user, port] = ['ansible_host', 'ansible_user', 'ansible_port'].map((name) => vars[name]);
  const ssh = InventoryHostSchema.safeParse({
    ...present({ address: address ?? undefined }),
    options: present({ user: user ?? undefined, port: port === undefined ? undefined : Number(port) }),
  });
  if (!ssh.success) return 'ansible_host, ansible_user or ansible_port is invalid';
  const options = { ...ssh.data.options, ...parsed.data.options };
  return { ...ssh.data, ...parsed.data, options };
}

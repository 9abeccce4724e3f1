import { readJson } from '../documents/json.ts';
import { Unreadable } from '../documents/unreadable.ts';
import { list, mapping, text } from '../mesh/unknown.ts';
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
  const groups = Object.fromEntries(names.map((name) => [name, hostsIn(all, name, [])]));
  const hosts = [...new Set(Object.values(groups).flat())];
  if (hosts.length > MOST_HOSTS) return { reason: `it has ${hosts.length} hosts, and ${MOST_HOSTS} is the most` };
  const wrong = hosts.find((host) => !NAME.test(host) || hostsOf(host)?.length !== 1);
  if (wrong !== undefined) return { reason: `${JSON.stringify(wrong.slice(0, 80))} is no name of a host` };
  const hostvars = mapping(mapping(all['_meta'])['hostvars']);
  const settings = hosts.map(
    (host) => [host, hostOf({ ...varsOf(all, host, groups), ...mapping(own(hostvars, host)) })] as const,
  );
  const bad = settings.find(([, found]) => typeof found === 'string');
  if (bad) return { reason: `${bad[0]}: ${String(bad[1])}` };
  return { groups, hosts: Object.fromEntries(settings) as Readonly<Record<string, FleetHost>> };
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@:/-]{0,252}$/;

function valueOf(printed: string): unknown {
  try {
    return readJson(printed);
  } catch (error) {
    return error instanceof Unreadable ? error : new Unreadable('it cannot be parsed');
  }
}

/** Hosts of a group and its children. A group that is its own child is read once. */
function hostsIn(all: Readonly<Record<string, unknown>>, name: string, above: readonly string[]): readonly string[] {
  if (above.includes(name)) return [];
  const group = own(all, name);
  const direct = (Array.isArray(group) ? group : list(mapping(group)['hosts'])).flatMap((host) => text(host) ?? []);
  const children = list(mapping(group)['children']).flatMap((child) => text(child) ?? []);
  return [...new Set([...direct, ...children.flatMap((child) => hostsIn(all, child, [...above, name]))])];
}

function varsOf(all: Readonly<Record<string, unknown>>, host: string, groups: Inventory['groups']) {
  const mine = Object.keys(groups).filter((name) => groups[name]?.includes(host));
  return mine.reduce((vars, name) => ({ ...vars, ...mapping(mapping(own(all, name))['vars']) }), {});
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

import fc from 'fast-check';
import { readAnsibleInventory } from '../../src/fleet/ansible.ts';
import { composeFleet, type Inventory } from '../../src/fleet/compose.ts';
import { hostsOf } from '../../src/fleet/host-range.ts';
import { limited } from '../../src/fleet/limit.ts';
import { readFleetFile } from '../../src/fleet/read-file.ts';
import { thrownProblem } from '../support/problem.ts';

function fleetOf(text: string, inventories: readonly Inventory[] = []) {
  return composeFleet({ path: 'fleet.yaml', text, file: readFleetFile('fleet.yaml', text) }, inventories);
}

const SHOP = `fleet: shop
labels: {a: fleet, b: fleet}
services: [metrics:9100]
options: {namespace: shop, exclude-ports: [1, 2]}
groups:
  db:
    labels: {b: db}
    services: [mysqldb:3306]
    hosts: [db-1, both]
  web:
    options: {exclude-ports: 3}
    hosts:
      web-[1:3]: {labels: {c: range}}
      web-2: {labels: {c: own}, services: [metrics:9200], options: {user: deploy}}
      both:
`;

test('a host wins over its own range, a range over groups, a later group over an earlier one, and groups over the fleet', () => {
  const [db1, both, web1, web2] = fleetOf(SHOP).vms;
  expect(db1).toMatchObject({
    name: 'db-1',
    labels: { a: 'fleet', b: 'db' },
    services: ['metrics:9100', 'mysqldb:3306'],
  });
  expect(both).toMatchObject({
    name: 'both',
    groups: ['db', 'web'],
    options: { namespace: 'shop', 'exclude-ports': 3 },
  });
  expect(web1).toMatchObject({
    name: 'web-1',
    labels: { a: 'fleet', b: 'fleet', c: 'range' },
    services: ['metrics:9100'],
  });
  expect(web2).toMatchObject({
    name: 'web-2',
    labels: { c: 'own' },
    services: ['metrics:9200'],
    options: { user: 'deploy' },
  });
});

test('each option knows where the file set it last', () => {
  const { origins } = fleetOf(SHOP).vms.find(({ name }) => name === 'web-2')!;
  expect(origins['exclude-ports']).toEqual(['groups', 'web', 'options', 'exclude-ports']);
  expect(origins['user']).toEqual(['groups', 'web', 'hosts', 'web-2', 'options', 'user']);
  expect(origins['namespace']).toEqual(['options', 'namespace']);
});

test('a range counts up with the digits of its first number, and one that runs backwards is refused with its place', () => {
  expect(hostsOf('web-[08:11].x')).toEqual(['web-08.x', 'web-09.x', 'web-10.x', 'web-11.x']);
  expect(thrownProblem(() => fleetOf('fleet: shop\ngroups:\n  web:\n    hosts: [web-[3:1]]\n')).issues[0]).toMatch(
    /^fleet.yaml:4:/,
  );
  expect(thrownProblem(() => fleetOf('fleet: shop\ngroups:\n  web:\n    hosts: ["web-[1:3000]"]\n')).issues[0]).toMatch(
    /^fleet.yaml:4:13/,
  );
});

test.each([
  [[], ['db-1', 'both', 'web-1', 'web-2', 'web-3']],
  [['db'], ['db-1', 'both']],
  [['web-*,!web-2'], ['web-1', 'web-3']],
  [['db,&web'], ['both']],
  [
    ['all', '!db'],
    ['web-1', 'web-2', 'web-3'],
  ],
  [['web-?'], ['web-1', 'web-2', 'web-3']],
  [['nothing*'], []],
])('--limit %j leaves %j', (patterns, names) => {
  expect(limited(fleetOf(SHOP), patterns).map(({ name }) => name)).toEqual(names);
});

test('a pattern without a wildcard that names nothing is refused', () => {
  expect(thrownProblem(() => limited(fleetOf(SHOP), ['web,db-7'])).id).toBe('fleet-host-unknown');
});

test('a pattern of many stars takes no exponential time', () => {
  const fleet = fleetOf(`fleet: shop\ngroups: {web: {hosts: [${'a'.repeat(200)}]}}\n`);
  const started = performance.now();
  expect(limited(fleet, [`${'*a'.repeat(60)}b*`])).toEqual([]);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('several ranges in one name are counted before they are made', () => {
  expect(hostsOf('a[1:2]-b[09:10]')).toEqual(['a1-b09', 'a1-b10', 'a2-b09', 'a2-b10']);
  const started = performance.now();
  expect(hostsOf(`a${'[0:1999]'.repeat(25)}`)).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(10_000);
});

const ANSIBLE = {
  _meta: {
    hostvars: { 'web-9': { ansible_host: '10.0.0.9', ansible_port: 2222, meshx: { labels: { from: 'inventory' } } } },
  },
  web: { hosts: ['web-9'], children: ['edge'], vars: { ansible_user: 'deploy' } },
  edge: { hosts: ['edge-1'], children: ['web'] },
  other: ['never'],
};

test("hosts of an Ansible inventory join the file's groups, those of its children too; other groups do not count", () => {
  const inventory = readAnsibleInventory(JSON.stringify(ANSIBLE)) as Inventory;
  const { vms } = fleetOf('fleet: shop\nlabels: {from: file}\ngroups: {web: }\n', [inventory]);
  expect(vms.map(({ name }) => name)).toEqual(['web-9', 'edge-1']);
  expect(vms[0]).toMatchObject({
    address: '10.0.0.9',
    labels: { from: 'inventory' },
    options: { user: 'deploy', port: 2222 },
  });
});

test.each([
  ['no JSON', 'hosts: [a]'],
  ['no groups', '{}'],
  ['a host that is an option of ssh', JSON.stringify({ web: ['-oProxyCommand=x'] })],
  ['a port that is no number', JSON.stringify({ web: ['a'], _meta: { hostvars: { a: { ansible_port: 'x' } } } })],
  [
    'a file of the operator',
    JSON.stringify({ web: ['a'], _meta: { hostvars: { a: { meshx: { options: { package: '/x.deb' } } } } } }),
  ],
  [
    'an accepted risk',
    JSON.stringify({ web: ['a'], _meta: { hostvars: { a: { meshx: { options: { 'accept-risk': 'x' } } } } } }),
  ],
])('an inventory with %s is refused', (_what, text) => {
  expect(readAnsibleInventory(text)).toHaveProperty('reason');
});

test('groups that share their children take no exponential time, and a chain of too many is refused', () => {
  const levels = Array.from({ length: 60 }, (_, level) =>
    ['a', 'b'].map((side) => [`${side}${level}`, { children: [`a${level + 1}`, `b${level + 1}`] }] as const),
  );
  const started = performance.now();
  const read = readAnsibleInventory(
    JSON.stringify({ ...Object.fromEntries(levels.flat()), a60: ['web-1'] }),
  ) as Inventory;
  expect(read.groups['a0']).toEqual(['web-1']);
  const chain = Array.from({ length: 20_000 }, (_, level) => [`g${level}`, { children: [`g${level + 1}`] }] as const);
  expect(readAnsibleInventory(JSON.stringify(Object.fromEntries(chain)))).toHaveProperty('reason');
  expect(performance.now() - started).toBeLessThan(20_000);
});

test('any JSON is an inventory or has a reason, and names of the language are names like others', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const read = readAnsibleInventory(text);
      expect('reason' in read || Object.keys(read.groups).length > 0).toBe(true);
    }),
  );
  const text = '{"constructor": ["toString"], "__proto__": {"hosts": ["a"]}}';
  const read = readAnsibleInventory(text) as Inventory;
  expect(
    fleetOf('fleet: shop\ngroups: {constructor: , web: {hosts: [b]}}\n', [read]).vms.map(({ name }) => name),
  ).toEqual(['toString', 'b']);
});

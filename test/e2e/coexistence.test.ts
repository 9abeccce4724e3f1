import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { ratings } from './support/mysql.ts';
import { seedRatings } from './support/ratings.ts';
import { makeStrictNamespace } from './support/strict.ts';

const VM = 'walled';
const IP = '10.150.0.71';
const CALLER = '10.150.0.72';
const SERVICE = 'walleddb.coexist.svc.cluster.local';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'coexist');
  await lab.pod('walled-caller', CALLER, { namespace: 'coexist' });
  await lab.host('stranger', '10.150.0.73');
  await lab.vm(VM, IP);
  await seedRatings(lab, VM);
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
  // A network of containers, and a filesystem that will be mounted one day.
  await lab.mustSsh(VM, 'ip link add docker0 type bridge && ip addr add 172.17.0.1/16 dev docker0');
  await lab.mustSsh(VM, 'echo nas.example.test:/vol /mnt/vol nfs4 noauto 0 0 >> /etc/fstab');
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

/** The rules of nftables for what arrives, instead of those before; what is not named is dropped. */
const nftables = (...rules: readonly string[]): string => `table inet wall
delete table inet wall
table inet wall {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    ${rules.join('\n    ')}
  }
}
`;

const legacy = (...rules: readonly string[]): string => `*filter
:INPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
${rules.map((rule) => `-A INPUT ${rule} -j ACCEPT`).join('\n')}
COMMIT
`;

/** Rules without counters: what the machine would load again. */
const wall = async (command: string): Promise<string> =>
  await lab.mustSsh(VM, `${command} | sed -e 's/\\[[0-9:]*\\]//' -e '/^#/d'`);

/** Puts up a firewall while nothing is captured, captures, and gives the rules from before. */
async function behind(load: string, rules: string, list: string): Promise<string> {
  await lab.mustSsh(VM, 'systemctl stop meshx-capture.service');
  await lab.mustSsh(VM, load, { input: rules });
  const before = await wall(list);
  await lab.mustSsh(VM, 'systemctl start meshx-capture.service');
  return before;
}

/** How a port of the VM answers a new connection of a machine outside the mesh. */
async function met(port: number): Promise<'open' | 'silent' | 'refused'> {
  const script = `timeout 2 bash -c 'exec 3<>"/dev/tcp/${IP}/${port}"' 2>/dev/null`;
  const { exitCode } = await lab.in('stranger', ['bash', '-c', script]);
  return exitCode === 0 ? 'open' : exitCode === 124 ? 'silent' : 'refused';
}

/** On a busy machine an answer may be late; a firewall that drops never answers. */
async function expectOpen(port: number): Promise<void> {
  await lab.waitFor(`port ${port} to take a connection`, async () => (await met(port)) === 'open');
}

/** The mesh reaches the database. */
async function expectReached(): Promise<void> {
  await lab.waitFor('the database to answer through the mesh', async () => {
    const rows = await ratings(lab, 'walled-caller', SERVICE).catch(() => '');
    return rows === '1\t5\n2\t4\n';
  });
}

const up = (): readonly string[] => [
  ...['up', VM, '-n', 'coexist', '--service', 'walleddb:3306', '--package', lab.deb, '--istiod-address', '10.150.0.1'],
];

test('a host that drops all but 22 and 3306 joins without a risk, and 3306 stays reachable for the mesh', async () => {
  await lab.mustSsh(VM, 'nft -f -', { input: nftables('iif lo accept', 'tcp dport { 22, 3306 } accept') });
  expect(await met(8080)).toBe('silent');
  const ran = await lab.meshx(up());
  expectDone(ran);
  expect(ran.stderr + ran.stdout).toContain('nftables table inet wall sees captured connections');
  await expectReached();
  expect(await met(8080)).toBe('silent');
  expect(await met(15006)).toBe('silent');
  await expectOpen(22);
  expectDone(await lab.meshx([...up(), '--dry-run', '--exit-code']));
}, 180_000);

test('networks of containers and filesystems of others are left out of capture', async () => {
  const rules = await lab.mustSsh(VM, 'iptables-save -t nat');
  expect(rules).toMatch(/^-A PREROUTING -i docker0 -j RETURN$/m);
  expect(rules).toMatch(/^-A ISTIO_OUTPUT -p tcp -m tcp --dport 2049 -j RETURN$/m);
  expect(rules).toMatch(/^-A ISTIO_OUTPUT -d 169\.254\.169\.254\/32 -j RETURN$/m);
});

test('what capture adds to the firewall is what keeps 3306 reachable, and goes with capture', async () => {
  const before = await behind('nft -f -', nftables('iif lo accept', 'tcp dport { 22, 3306 } accept'), LIST);
  expect(before).not.toContain('meshx');
  await expectReached();
  const twin = `nft -a list chain inet wall input | sed -n 's/.*meshx-twin.* handle //p'`;
  await lab.mustSsh(VM, `systemctl stop meshx-watch && nft delete rule inet wall input handle $(${twin})`);
  expect(await met(3306)).toBe('silent');
  await lab.mustSsh(VM, 'systemctl restart meshx-capture.service');
  await expectReached();
  await lab.mustSsh(VM, 'systemctl stop meshx-capture.service');
  expect(await wall(LIST)).toBe(before);
}, 120_000);

const LIST = 'nft list table inet wall';

test('a port that the firewall opens to some stays closed to the others', async () => {
  await behind(
    'nft -f -',
    nftables('iif lo accept', 'tcp dport 22 accept', `ip saddr ${CALLER} tcp dport 3306 accept`),
    LIST,
  );
  await expectReached();
  expect(await met(3306)).toBe('silent');
  expect(await met(8080)).toBe('silent');
}, 120_000);

test('a host that accepts all that was redirected opens nothing that was closed', async () => {
  const rules = nftables(
    ...['ct status dnat accept', 'iif lo accept', 'tcp dport 22 accept', `ip saddr ${CALLER} tcp dport 3306 accept`],
  );
  const before = await behind('nft -f -', rules, LIST);
  await expectReached();
  expect(await met(3306)).toBe('silent');
  expect(await met(8080)).toBe('silent');
  const past = `nft -a list chain inet wall input | sed -n 's/.*goto meshx_rest.* handle //p'`;
  await lab.mustSsh(VM, `systemctl stop meshx-watch && nft delete rule inet wall input handle $(${past})`);
  await expectOpen(3306);
  await lab.mustSsh(VM, 'systemctl stop meshx-capture.service');
  expect(await wall(LIST)).toBe(before);
}, 120_000);

test('iptables-legacy that drops all but 22 and 3306 keeps 3306 reachable too, and is as before without capture', async () => {
  await lab.mustSsh(VM, 'systemctl stop meshx-capture.service; nft delete table inet wall');
  const list = 'iptables-legacy-save -t filter';
  const rules = legacy('-p tcp -m tcp --dport 22', `-s ${CALLER} -p tcp -m multiport --dports 3306,3307`);
  const before = await behind('iptables-legacy-restore', rules, list);
  await expectReached();
  expect(await met(3306)).toBe('silent');
  expect(await met(8080)).toBe('silent');
  await lab.mustSsh(VM, 'systemctl stop meshx-capture.service');
  expect(await wall(list)).toBe(before);
}, 120_000);

import { Lab } from '../lab/lab.ts';
import { ratings } from './support/mysql.ts';
import { seedRatings } from './support/ratings.ts';
import { expectDone } from './support/done.ts';
import { makeStrictNamespace } from './support/strict.ts';

const GATEWAY = '10.150.0.30';
const MYSQL = 'gatedb.gate.svc.cluster.local';
const ROWS = '1\t5\n2\t4\n';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'gate');
  await lab.gateway(GATEWAY);
  for (const [name, ip] of [
    ['gated', '10.150.0.41'],
    ['beside', '10.150.0.42'],
  ] as const) {
    await lab.vm(name, ip);
    await seedRatings(lab, name);
  }
}, 180_000);

afterAll(async () => await lab.removeMembers(), 120_000);

const up = (...vms: readonly string[]): readonly string[] => [
  ...['up', ...vms, '-n', 'gate', '--service', 'gatedb:3306', '--package', lab.deb],
];

test('a VM joins through the east-west gateway, whose address is found in the cluster', async () => {
  const ran = await lab.meshx(up('gated'));
  expectDone(ran);
  expect(await lab.mustSsh('gated', 'getent hosts istiod.istio-system.svc')).toMatch(
    new RegExp(`^${GATEWAY.replaceAll('.', '\\.')} `),
  );
  const seen = await lab.mustSsh('gated', `ss -Htn state established dst ${GATEWAY}`);
  expect(seen).toContain(':15012');
}, 180_000);

test('one machine that is not there keeps no other from joining, and the exit code says so', async () => {
  const ran = await lab.meshx([...up('beside', 'nowhere.example.test'), '--parallel', '2']);
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('nowhere.example.test');
  expect(await lab.kubectl(['-n', 'gate', 'get', 'workloadentry', '-o', 'name'])).toContain('beside-10.150.0.42');
}, 180_000);

test('a VM reaches the service of another VM, and one service on two VMs has two endpoints', async () => {
  await lab.mustSsh(
    'gated',
    'systemctl stop mariadb.service mariadb.socket 2>/dev/null || systemctl stop mariadb.service',
  );
  const select = `mysql -h ${MYSQL} -u root -ppassword --connect-timeout=5 -N -B test -e "select ReviewID, Rating from ratings order by ReviewID"`;
  const rows = async (): Promise<boolean> =>
    (await lab.ssh('gated', select, { user: 'nobodyspecial' })).stdout === ROWS;
  // The dead endpoint is still in rotation (no probe was asked for), so some tries meet it.
  await lab.waitFor('rows of the other VM', rows, { timeoutMs: 60_000, everyMs: 300 });
  await lab.mustSsh('gated', 'systemctl start mariadb.service');
}, 120_000);

test('a second run over both changes nothing', async () => {
  const since = Date.now();
  const ran = await lab.meshx([...up('gated', 'beside'), '--parallel', '2']);
  expectDone(ran);
  expect(await lab.auditMutations(since)).toEqual([]);
  await lab.pod('gateclient', '10.150.0.24', { namespace: 'gate' });
  expect(await ratings(lab, 'gateclient', MYSQL)).toBe(ROWS);
}, 180_000);

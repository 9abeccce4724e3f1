import { removeInstallation, writeInstallation } from '../lab/installation.ts';
import { Lab } from '../lab/lab.ts';
import { query, ratings } from './support/mysql.ts';
import { seedRatings } from './support/ratings.ts';
import { expectDone } from './support/done.ts';
import { type Mirror, startMirror } from './support/mirror.ts';
import { makeStrictNamespace } from './support/strict.ts';

const MYSQL = 'mysqldb.join.svc.cluster.local';
const WEB = 'http://web.join.svc.cluster.local:8080/';
const PRODUCTS = 'http://productpage.default.svc.cluster.local:9080/api/v1/products/0/ratings';
const ROWS = '1\t5\n2\t4\n';

let lab: Lab;
let mirror: Mirror;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'join');
  await lab.pod('client', '10.150.0.20', { namespace: 'join' });
  await lab.pod('productpage', '10.150.0.21', {
    namespace: 'default',
    http: { port: 9080, clusterIP: '10.63.251.156' },
  });
  await lab.host('outsider', '10.150.0.90');
  // The Deployment says which version istiod has.
  await writeInstallation(lab);
  mirror = await startMirror(lab);
}, 180_000);

afterAll(async () => {
  await mirror[Symbol.asyncDispose]();
  await removeInstallation(lab);
});

describe.each([
  { suite: 'bookworm' as const, vm: 'deb12', ip: '10.150.0.5' },
  { suite: 'trixie' as const, vm: 'deb13', ip: '10.150.0.15' },
])('a VM of Debian $suite', ({ suite, vm, ip }) => {
  const up = (): readonly string[] => [
    ...['up', vm, '-n', 'join', '--service', 'mysqldb:3306', '--service', 'web:http:8080'],
    // The second machine gets the package by itself.
    ...(suite === 'bookworm' ? ['--package', lab.deb] : ['--package-source', mirror.url]),
    ...['--mesh-service', 'productpage.default.svc.cluster.local:9080'],
    ...['--istiod-address', '10.150.0.1'],
  ];
  const curl = async (from: string, url: string) => await lab.in(from, ['curl', '-si', '--max-time', '5', url]);

  beforeAll(async () => {
    await lab.vm(vm, ip, { suite });
    await lab.mustSsh(vm, 'systemctl enable --now lab-http@8080');
    await seedRatings(lab, vm);
  }, 180_000);

  afterAll(async () => {
    await lab.meshx(['deregister', 'mysqldb', '-n', 'join', '--yes']);
    await lab.meshx(['deregister', 'web', '-n', 'join', '--yes']);
    await lab.removeVm(vm);
    const gone = async () => !(await lab.kubectl(['-n', 'join', 'get', 'workloadentry', '-o', 'name'])).includes(vm);
    await lab.waitFor('the entry to be gone', gone, { timeoutMs: 120_000 });
  }, 180_000);

  test('one command joins it to the mesh and verifies it', async () => {
    const ran = await lab.meshx(up());
    for (const port of ['mysqldb:3306', 'web:8080'])
      expect(ran.stderr).toMatch(new RegExp(`^ok .*\\[mtls-seen:${port}\\]$`, 'm'));
    expectDone(ran);
    const path = '/1.29.1/deb/istio-sidecar.deb';
    expect(await mirror.requests()).toEqual(suite === 'bookworm' ? [] : [`${path}.sha256`, path]);
  }, 180_000);

  test('a client in the mesh gets rows from its database', async () => {
    await lab.waitFor('the rows', async () => (await ratings(lab, 'client', MYSQL)) === ROWS);
  }, 60_000);

  test('a client outside the mesh is refused', async () => {
    const ran = await query(lab, 'outsider', ip, 'select 1');
    expect(ran.exitCode).not.toBe(0);
    expect(ran.stdout).toBe('');
  }, 60_000);

  test('on the machine itself the database answers by loopback and by socket', async () => {
    const select = 'select ReviewID, Rating from ratings order by ReviewID';
    expect(await lab.mustSsh(vm, `mysql -u root -h 127.0.0.1 --password=password -N -B test -e "${select}"`)).toBe(
      ROWS,
    );
    expect(await lab.mustSsh(vm, `mysql -u root --password=password -N -B test -e "${select}"`)).toBe(ROWS);
  }, 60_000);

  test('a change made on the machine is seen by the client in the mesh', async () => {
    await lab.mustSsh(vm, 'mysql -u root --password=password test -e "update ratings set rating=1 where reviewid=1"');
    expect(await ratings(lab, 'client', MYSQL)).toBe('1\t1\n2\t4\n');
    await lab.mustSsh(vm, 'mysql -u root --password=password test -e "update ratings set rating=5 where reviewid=1"');
  }, 60_000);

  test('the access logs of both sides carry the request, and that of the VM the client’s identity', async () => {
    await ratings(lab, 'client', MYSQL);
    const theirs = async () => (await lab.podLog('client')).includes(`outbound|3306||${MYSQL}`);
    const ours = async () => {
      const lines = (await lab.mustSsh(vm, 'tail -n 200 /var/log/istio/istio.log')).split('\n');
      return lines.some(
        (line) => line.includes('inbound|3306||') && line.includes('spiffe://cluster.local/ns/join/sa/client'),
      );
    };
    await lab.waitFor("the client's log line", theirs, { timeoutMs: 20_000 });
    await lab.waitFor("the VM's log line", ours, { timeoutMs: 20_000 });
  }, 60_000);

  test('a second service works beside it, with a listener of its own', async () => {
    await lab.waitFor('the second service', async () => (await curl('client', WEB)).stdout.includes('200 OK'));
    const ours = async () => {
      const lines = (await lab.mustSsh(vm, 'tail -n 200 /var/log/istio/istio.log')).split('\n');
      return lines.some(
        (line) => line.includes('inbound|8080||') && line.includes('spiffe://cluster.local/ns/join/sa/client'),
      );
    };
    await lab.waitFor("the VM's log line", ours, { timeoutMs: 20_000 });
  }, 60_000);

  test('an ordinary user of the machine reaches a service of the mesh through the sidecar', async () => {
    const body = '{"ratings": {"Reviewer2": 4, "Reviewer1": 5}, "id": 0}';
    const ran = await lab.mustSsh(vm, `curl -si --max-time 5 ${PRODUCTS}`, { user: 'nobodyspecial' });
    expect(ran).toContain('HTTP/1.1 200 OK');
    expect(ran).toContain('content-length: 54');
    expect(ran).toMatch(/^server: envoy\r?$/m);
    expect(ran).toMatch(/^x-envoy-upstream-service-time: \d+\r?$/m);
    expect(ran.trimEnd().endsWith(body)).toBe(true);
    const address = await lab.mustSsh(vm, 'getent ahostsv4 productpage.default.svc.cluster.local', {
      user: 'nobodyspecial',
    });
    expect(address).toMatch(/^10\.63\.251\.156 /);
  }, 60_000);

  test('a second run changes nothing, on the machine and in the cluster', async () => {
    await lab.mustSsh(vm, 'touch /run/mark');
    const since = Date.now();
    const ran = await lab.meshx(up());
    expectDone(ran);
    const dry = await lab.meshx([...up(), '--dry-run', '--exit-code']);
    expect(dry.exitCode).toBe(0);
    expect(await mirror.requests()).toHaveLength(suite === 'bookworm' ? 0 : 2);
    expect(await lab.auditMutations(since)).toEqual([]);
    const newer = await lab.mustSsh(
      vm,
      'find / -xdev -newer /run/mark -type f -not -path "/var/log/*" -not -path "/proc/*" -not -path "/sys/*" -not -path "/run/*" -not -path "/var/lib/mysql/*" -not -path "/tmp/systemd-private-*"',
    );
    expect(newer).toBe('');
  }, 120_000);

  test('after a reboot all of it works again without a hand', async () => {
    await lab.reboot(vm);
    await lab.waitFor('the rows', async () => (await ratings(lab, 'client', MYSQL)) === ROWS, { timeoutMs: 90_000 });
    await lab.waitFor('the second service', async () => (await curl('client', WEB)).stdout.includes('200 OK'));
    const again = async () =>
      (await lab.mustSsh(vm, `curl -si --max-time 5 ${PRODUCTS}`, { user: 'nobodyspecial' })).includes('server: envoy');
    await lab.waitFor('the mesh from the VM', again, { timeoutMs: 60_000 });
    expect((await query(lab, 'outsider', ip, 'select 1')).exitCode).not.toBe(0);
  }, 240_000);

  test('with istiod stopped during a reboot, SSH and DNS work', async () => {
    await lab.stopIstiod();
    try {
      await lab.reboot(vm);
      expect(await lab.mustSsh(vm, 'getent ahostsv4 outside.example.test', { user: 'nobodyspecial' })).toMatch(
        /^\d+\.\d+\.\d+\.\d+ /,
      );
    } finally {
      await lab.startIstiod();
    }
    await lab.waitFor('the rows', async () => (await ratings(lab, 'client', MYSQL)) === ROWS, { timeoutMs: 120_000 });
  }, 300_000);
});

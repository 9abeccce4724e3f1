import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { makeStrictNamespace } from './support/strict.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'operate');
  await lab.pod('caller', '10.150.0.26', { namespace: 'operate' });
  await lab.vm('byroot', '10.150.0.51', { mysql: 'off' });
  await lab.vm('bysudo', '10.150.0.52', { mysql: 'off' });
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

const up = (vm: string, ...more: readonly string[]): readonly string[] => [
  ...['up', vm, '-n', 'operate', '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'],
  ...more,
];

const inboundPorts = async (vm: string): Promise<readonly string[]> => {
  const rules = await lab.mustSsh(vm, 'iptables-save -t nat; iptables-legacy-save -t nat 2>/dev/null; true');
  return [...rules.matchAll(/ISTIO_INBOUND .*--dport (\d+) -j ISTIO_IN_REDIRECT/g)]
    .map((match) => match[1] ?? '')
    .sort();
};

const startOf = async (vm: string): Promise<string> =>
  await lab.mustSsh(vm, 'systemctl show -p ActiveEnterTimestampMonotonic istio.service');

test('a plan is kept, and applying it gives the VM that was planned', async () => {
  await lab.mustSsh('byroot', 'systemctl enable --now lab-http@8080 lab-http@8081');
  const file = join(lab.home, 'plan.json');
  const planned = await lab.meshx(
    up('byroot', '--service', 'web:http:8080', '--package', lab.deb, '--dry-run', '--out', file),
  );
  expectDone(planned);
  expect((await lab.ssh('byroot', 'test -e /etc/systemd/system/istio.service')).exitCode).toBe(1);
  expect((await stat(file)).mode & 0o077).toBe(0);
  expectDone(await lab.meshx(['apply', file]));
  expectDone(
    await lab.meshx(up('byroot', '--service', 'web:http:8080', '--package', lab.deb, '--dry-run', '--exit-code')),
  );
}, 180_000);

test('a kept plan is refused when the machine has changed since', async () => {
  const file = join(lab.home, 'outdated.json');
  expectDone(
    await lab.meshx(up('byroot', '--service', 'web:http:8080', '--package', lab.newerDeb, '--dry-run', '--out', file)),
  );
  await lab.mustSsh('byroot', 'sed -i "s/^ISTIO_SERVICE=.*/ISTIO_SERVICE=other/" /var/lib/istio/envoy/sidecar.env');
  const ran = await lab.meshx(['apply', file]);
  expect(ran.stderr).toContain('plan-outdated');
  expect(ran.exitCode).toBe(1);
  expectDone(await lab.meshx(up('byroot', '--service', 'web:http:8080', '--package', lab.deb)));
}, 180_000);

test('configure changes what the sidecar really does, and only then restarts it', async () => {
  expect(await inboundPorts('byroot')).toEqual(['8080']);
  expectDone(await lab.meshx(['configure', 'byroot', '-n', 'operate', '--service', 'web', '--ports', '8080,8081']));
  await lab.waitFor('the ports to be captured', async () => (await inboundPorts('byroot')).join() === '8080,8081');
  const before = await startOf('byroot');
  const again = await lab.meshx(['configure', 'byroot', '-n', 'operate', '--service', 'web', '--ports', '8080,8081']);
  expectDone(again);
  expect(await startOf('byroot')).toBe(before);
  const text = await lab.mustSsh('byroot', 'cat /var/lib/istio/envoy/sidecar.env');
  expect(text).toMatch(/^# /m);
  expect(text.match(/^ISTIO_INBOUND_PORTS=/gm)).toHaveLength(1);
}, 120_000);

test('a further service is added to a VM of the mesh, and the earlier one stays', async () => {
  expectDone(await lab.meshx(up('byroot', '--service', 'admin:http:8081', '--package', lab.deb)));
  const status = async (url: string): Promise<string> =>
    (await lab.in('caller', ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '4', url])).stdout;
  await lab.waitFor(
    'the new service',
    async () => (await status('http://admin.operate.svc.cluster.local:8081/')) === '200',
  );
  await lab.waitFor(
    'the earlier service',
    async () => (await status('http://web.operate.svc.cluster.local:8080/')) === '200',
  );
}, 120_000);

test('another package is an upgrade', async () => {
  const version = async (): Promise<string> =>
    await lab.mustSsh('byroot', "dpkg-query -W -f '${Version}' istio-sidecar");
  const before = await version();
  // The caller's sidecar keeps its connections: they end by an announced drain only.
  const words = ['--restart', '--drain-timeout', '2'];
  const ran = await lab.meshx(up('byroot', '--service', 'web:http:8080', '--package', lab.newerDeb, ...words));
  expectDone(ran);
  expect(await version()).not.toBe(before);
  expect(ran.stderr).toMatch(/restart istio\.service/);
}, 120_000);

test('a user with a password for sudo sets a VM up from a folder of binaries, and the password is in no log', async () => {
  await lab.mustSsh('bysudo', 'systemctl enable --now lab-http@8080');
  const more = ['--service', 'sudoweb:http:8080', '--package', lab.packageDirectory, '--user', 'operator'];
  const ran = await lab.meshx(up('bysudo', ...more, '--sudo-password-file', '-'), { input: 'operator-password\n' });
  expectDone(ran);
  expect(ran.stdout + ran.stderr).not.toContain('operator-password');
  const found = await lab.ssh(
    'bysudo',
    'grep -rlI operator-password /var/log /var/lib/meshx /etc /run/meshx 2>/dev/null',
  );
  expect(found.stdout).toBe('');
}, 180_000);

test('a user who needs no password for sudo finds nothing to do on the same VM', async () => {
  const since = Date.now();
  const more = ['--service', 'sudoweb:http:8080', '--package', lab.packageDirectory, '--user', 'deploy'];
  const ran = await lab.meshx(up('bysudo', ...more));
  expectDone(ran);
  expect(ran.stdout).toContain('no changes');
  expect(await lab.auditMutations(since)).toEqual([]);
}, 120_000);

test('the token was never on the operator’s disk, and is readable by the sidecar alone', async () => {
  expect(await lab.mustSsh('bysudo', 'stat -c "%U %a" /var/run/secrets/tokens/istio-token /etc/certs/key.pem')).toBe(
    'istio-proxy 600\nistio-proxy 600\n',
  );
  const token = await lab.mustSsh('bysudo', 'cat /var/run/secrets/tokens/istio-token');
  const found = await lab.in('hub', ['grep', '-rlF', token.trim(), lab.home]);
  expect(found.stdout).toBe('');
}, 60_000);

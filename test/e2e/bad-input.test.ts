import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab } from '../lab/lab.ts';
import type { Ran } from '../lab/command.ts';

const VM = 'bad';
const IP = '10.150.0.35';

let lab: Lab;
let mark: number;

beforeAll(async () => {
  lab = await Lab.attach();
  await lab.kubectl(['apply', '-f', '-'], 'apiVersion: v1\nkind: Namespace\nmetadata: { name: bad }\n');
  await lab.vm(VM, IP, { mysql: 'off' });
}, 120_000);

afterAll(async () => {
  await lab.removeVm(VM);
});

beforeEach(async () => {
  mark = Date.now();
  await lab.mustSsh(VM, 'touch /run/mark');
});

/** A run that would work, but for what `more` says. */
const up = (vm: string, ...more: readonly string[]): readonly string[] => [
  ...['up', vm, '-n', 'bad', '--service', 'app:http:8080'],
  ...(more.includes('--istiod-address') ? [] : ['--istiod-address', '10.150.0.1']),
  ...more,
];

/** A Problem with this id, exit code 1 or 2, a hint, no stack; and nothing was changed in the cluster or on the machine. */
async function expectProblem(ran: Ran, id: string, exitCode = 1): Promise<void> {
  expect(ran.stderr).toContain(id);
  expect(ran.stderr).toContain('hint:');
  expect(ran.stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  expect(ran.exitCode).toBe(exitCode);
  expect(await lab.auditMutations(mark)).toEqual([]);
  const newer =
    'find /etc /usr /var/lib /opt /srv -xdev -newer /run/mark -type f -not -path "/var/lib/systemd/*" -not -path "/var/lib/private/*"';
  expect(await lab.mustSsh(VM, newer)).toBe('');
}

test('a machine that no one knows', async () => {
  await expectProblem(await lab.meshx(up('nowhere.example.test', '--package', lab.deb)), 'vm-not-found');
}, 60_000);

test('a user whose key the machine refuses', async () => {
  const key = join(lab.home, 'stranger');
  await lab.in('hub', ['sh', '-c', `rm -f ${key} ${key}.pub; ssh-keygen -q -t ed25519 -N '' -f ${key}`]);
  const config = join(lab.home, 'stranger.config');
  await writeFile(
    config,
    `Host ${VM}\n  HostName ${IP}\n  User root\n  IdentityFile ${key}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${lab.home}/.ssh/known_hosts\n`,
  );
  await expectProblem(
    await lab.meshx(up(VM, '--ssh-config', config, '--package', lab.deb)),
    'ssh-authentication-refused',
  );
}, 60_000);

test('a machine whose host key has changed', async () => {
  const other = join(lab.home, 'other-host-key');
  await lab.in('hub', ['sh', '-c', `rm -f ${other} ${other}.pub; ssh-keygen -q -t ed25519 -N '' -f ${other}`]);
  const key = await lab.in('hub', ['cat', `${other}.pub`]);
  const known = join(lab.home, 'changed-known-hosts');
  await writeFile(known, `${VM},${IP} ${key.stdout.split(' ').slice(0, 2).join(' ')}\n`);
  await expectProblem(await lab.meshx(up(VM, '--known-hosts', known, '--package', lab.deb)), 'ssh-host-key-changed');
}, 60_000);

test('a context that is not in the kubeconfig', async () => {
  await expectProblem(await lab.meshx([...up(VM, '--package', lab.deb), '--context', 'elsewhere']), 'context-unknown');
}, 60_000);

test('a namespace without Istio', async () => {
  await expectProblem(
    await lab.meshx([...up(VM, '--package', lab.deb), '--istio-namespace', 'default']),
    'istio-not-found',
  );
}, 60_000);

test('a user without the right to become root', async () => {
  await expectProblem(await lab.meshx(up(VM, '--user', 'nobodyspecial', '--package', lab.deb)), 'sudo-refused');
}, 60_000);

test('an istiod that the machine cannot reach', async () => {
  const ran = await lab.meshx(up(VM, '--istiod-address', '10.150.0.99', '--package', lab.deb));
  await expectProblem(ran, 'preflight-failed');
  expect(ran.stderr).toContain('10.150.0.99');
}, 90_000);

test('a package of another architecture', async () => {
  await expectProblem(await lab.meshx(up(VM, '--package', lab.foreignDeb)), 'preflight-failed');
}, 60_000);

test('a package with another sha256', async () => {
  await expectProblem(
    await lab.meshx(up(VM, '--package', lab.deb, '--sha256', '0'.repeat(64))),
    'package-sha256-wrong',
  );
}, 60_000);

test('a disk that is full', async () => {
  await using _disk = await lab.fullDisk(VM, '/var');
  await lab.mustSsh(VM, 'touch /run/mark');
  await expectProblem(await lab.meshx(up(VM, '--package', lab.deb)), 'preflight-failed');
}, 90_000);

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ran, run } from '../lab/command.ts';
import { Lab } from '../lab/lab.ts';
import type { VmRecord } from '../lab/operator.ts';
import { expectDone } from './support/done.ts';
import { seedRatings } from './support/ratings.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMESPACE = 'leave';
const DATABASE = `leavedb.${NAMESPACE}.svc.cluster.local`;
const EMPTY = 'the difference is empty';

let lab: Lab;
let vm13: VmRecord;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, NAMESPACE);
  await lab.pod('leaver', '10.150.0.26', { namespace: NAMESPACE });
  await lab.vm('leave12', '10.150.0.61');
  vm13 = await lab.vm('leave13', '10.150.0.62', { suite: 'trixie', mysql: 'off' });
  await seedRatings(lab, 'leave12');
  await lab.mustSsh('leave13', 'systemctl enable --now lab-http@8080');
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

const services = { leave12: 'leavedb:3306', leave13: 'leaveweb:http:8080' } as const;
type Vm = keyof typeof services;

const upWords = (vm: Vm, ...more: readonly string[]): readonly string[] => [
  ...['up', vm, '-n', NAMESPACE, '--istiod-address', '10.150.0.1', '--service', services[vm]],
  ...(more.includes('--package') ? [] : ['--package', lab.deb]),
  ...more,
];

const up = async (vm: Vm, ...more: readonly string[]): Promise<Ran> => await lab.meshx(upWords(vm, ...more));

const down = async (vm: Vm, ...more: readonly string[]): Promise<Ran> =>
  await lab.meshx(['down', vm, '--yes', '--verify', ...more]);

/** Another operator: the same rights, another home, which has never seen this VM. */
async function byAnotherOperator(args: readonly string[]): Promise<Ran> {
  const home = await mkdtemp(join(tmpdir(), 'meshx-operator-'));
  try {
    for (const folder of ['.ssh', '.kube']) await cp(join(lab.home, folder), join(home, folder), { recursive: true });
    const own = (word: string): string => (word.startsWith('HOME=') ? `HOME=${home}` : word);
    return await run(lab.meshxArgv(args).map(own), { timeoutMs: 180_000, cwd: home });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** What meshx has made in the namespace, by the kinds that it makes. */
async function registered(): Promise<string> {
  const kinds = 'services,serviceaccounts,workloadgroups,workloadentries,sidecars.networking.istio.io';
  const mine = ['-n', NAMESPACE, '-l', 'app.kubernetes.io/managed-by=meshx', '-o', 'name'];
  return await lab.kubectl(['get', kinds, ...mine]);
}

/** A client of the mesh that holds a connection to the database open. */
async function busyClient(): Promise<Session> {
  const login = ['-h', DATABASE, '-u', 'root', '-ppassword', '--connect-timeout=5', '-N', '-B', '-n', 'test'];
  const session = new Session(lab.inArgv('leaver', ['mysql', ...login]));
  session.send("select 'be', 'fore';");
  await lab.waitFor('the database to answer through the mesh', () => session.output.includes('be\tfore'));
  return session;
}

test('after up and down Debian 12 and 13 are as before, also when another operator takes them out', async () => {
  const ups = await Promise.all([up('leave12'), up('leave13')]);
  for (const ran of ups) expectDone(ran);
  expect(await registered()).toContain('workloadgroup.networking.istio.io/leave12');
  const ran = await byAnotherOperator(['down', 'leave12', 'leave13', '--verify', '--yes']);
  expectDone(ran);
  expect(ran.stderr.match(new RegExp(EMPTY, 'g'))).toHaveLength(2);
  expect(await registered()).toBe('');

  const since = Date.now();
  const again = await down('leave12', '-n', NAMESPACE);
  expectDone(again);
  expect(again.stdout).toContain('nothing to do');
  expect(await lab.auditMutations(since)).toEqual([]);

  const checked = await lab.meshx(['check', 'leave12', '-n', NAMESPACE, '-o', 'short']);
  const onVm = checked.stdout.split('\n').filter((line) => /^error .*: leave12: /.test(line));
  expect([checked.exitCode, onVm]).toEqual([4, [expect.stringContaining('error vm-joined: ')]]);
}, 240_000);

test('the last VMs of one group take it with them, also when they leave side by side', async () => {
  const words = ['leave12', 'leave13', '-n', NAMESPACE];
  const how = ['--istiod-address', '10.150.0.1', '--package', lab.deb, '--workload-group', 'both'];
  expectDone(await lab.meshx(['up', ...words, ...how]));
  expect(await registered()).toContain('workloadgroup.networking.istio.io/both');
  const ran = await lab.meshx(['down', ...words, '--yes', '--verify']);
  expectDone(ran);
  expect(ran.stderr.match(new RegExp(EMPTY, 'g'))).toHaveLength(2);
  expect(await registered()).toBe('');
}, 240_000);

test('a busy connection is announced and lives on until the drain is over; rules of iptables-legacy go as well', async () => {
  for (const program of ['iptables', 'ip6tables'])
    await lab.mustSsh('leave12', `update-alternatives --set ${program} /usr/sbin/${program}-legacy`);
  expectDone(await up('leave12'));
  expect(await lab.mustSsh('leave12', 'iptables-legacy-save -t nat')).toContain('ISTIO_INBOUND');
  using client = await busyClient();
  using leaving = new Session(lab.meshxArgv(['down', 'leave12', '--yes', '--verify', '--drain-timeout', '12']));
  await lab.waitFor('the drain to be announced', () => leaving.output.includes('1 connection through the mesh'));
  // Out of rotation for new connections, while the open one works.
  const dropped = async (): Promise<boolean> => {
    const ask = ['curl', '-s', '--max-time', '2', 'http://127.0.0.1:15000/clusters'];
    return !(await lab.in('leaver', ask)).stdout.includes(`||${DATABASE}::10.150.0.61:3306::`);
  };
  await lab.waitFor('the client’s sidecar to have no endpoint', dropped);
  client.send("select 'du', 'ring';");
  await lab.waitFor('the open connection to answer', () => client.output.includes('du\tring'));
  await lab.waitFor('down to end', () => leaving.ended, { timeoutMs: 90_000 });
  expect(leaving.output).toContain('istiod has dropped the endpoint');
  expect(leaving.output).toMatch(/1 connection through the mesh \(1 from clients\) left after 1\d\.\d s/);
  expect(leaving.output).toContain(EMPTY);
  client.send("select 'af', 'ter';");
  await lab.waitFor('the old connection to be at its end', () =>
    /ERROR 20\d\d|Lost connection|gone away/.test(client.output),
  );
  expect(await lab.mustSsh('leave12', 'iptables-legacy-save 2>/dev/null; true')).not.toMatch(/ISTIO|MESHX/);
}, 240_000);

test('an operator who is killed in the middle leaves nothing that the next down does not find', async () => {
  {
    using joining = new Session(lab.meshxArgv(upWords('leave13')));
    const middle = (): boolean => joining.output.includes('+ Configure the VM for the cluster');
    await lab.waitFor('the middle of up', () => middle() || joining.ended, { timeoutMs: 60_000 });
    expect(middle() ? '' : joining.output).toBe('');
  }
  const gone = async (): Promise<boolean> =>
    (await lab.ssh('leave13', "pgrep -f ' [m]eshx-(unit|package|journal|env|file|token)'")).exitCode !== 0;
  await lab.waitFor('what the dead run had begun to end', gone, { timeoutMs: 60_000 });
  const ran = await down('leave13', '-n', NAMESPACE);
  expectDone(ran);
  expect(ran.stderr).toContain(EMPTY);
  expect(await registered()).toBe('');
}, 240_000);

test('changes of others are shown, kept, and undone when requested', async () => {
  await lab.mustSsh('leave13', 'mkdir -p /srv/releases/1');
  expectDone(await up('leave13'));
  await lab.mustSsh(
    'leave13',
    'rm -r /srv/releases; echo 10.150.0.99 by-hand >> /etc/hosts; echo left > /etc/left-behind; echo X=1 >> /var/lib/istio/envoy/sidecar.env',
  );
  const ran = await down('leave13');
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('explain difference-left');
  expect(ran.stderr).toMatch(/\+ file \/etc\/left-behind/);
  expect(ran.stderr).toMatch(/file \/var\/lib\/istio\/envoy\/sidecar\.env/);
  // All but that file is undone: nothing is planned until someone decides about it.
  expectDone(await lab.meshx(['down', 'leave13', '-n', NAMESPACE, '--dry-run', '--exit-code']));
  expect((await lab.ssh('leave13', 'test -e /srv/releases')).exitCode).toBe(1);
  const hosts = await lab.mustSsh('leave13', 'cat /etc/hosts');
  expect(hosts).toContain('by-hand');
  expect(hosts).not.toContain('istiod');

  await lab.mustSsh('leave13', 'rm /etc/left-behind; sed -i /by-hand/d /etc/hosts');
  const told = await down('leave13', '--restore', '/var/lib/istio/envoy/sidecar.env');
  expect((await lab.ssh('leave13', 'test -e /var/lib/istio')).exitCode).toBe(1);
  expect(told.stderr).not.toMatch(/left-behind|sidecar\.env:/);
  // The releases are still gone, so the snapshot waits for another comparison, which this does without.
  expectDone(await lab.meshx(['down', 'leave13', '-n', NAMESPACE, '--yes']));
  expect((await lab.ssh('leave13', 'test -e /var/lib/meshx')).exitCode).toBe(1);
}, 240_000);

test('what differs after a down can be compared again, until nothing does', async () => {
  expectDone(await up('leave13'));
  await lab.mustSsh('leave13', 'echo left > /etc/left-behind');
  const left = async (): Promise<string> =>
    await lab.mustSsh('leave13', 'find /var/lib/meshx -type f 2>/dev/null; true');
  const first = await down('leave13');
  expect([first.exitCode, first.stderr]).toEqual([1, expect.stringMatching(/\+ file \/etc\/left-behind/)]);
  expect(first.stderr).toContain('/var/lib/meshx/undo/before.gz');
  expect((await left()).trim()).toBe('/var/lib/meshx/undo/before.gz');

  const second = await down('leave13', '-n', NAMESPACE);
  expect([second.exitCode, second.stderr]).toEqual([1, expect.stringMatching(/1 difference\./)]);
  expect((await left()).trim()).toBe('/var/lib/meshx/undo/before.gz');

  await lab.mustSsh('leave13', 'rm /etc/left-behind');
  const third = await down('leave13', '-n', NAMESPACE);
  expectDone(third);
  expect(third.stderr).toContain(EMPTY);
  expect((await lab.ssh('leave13', 'test -e /var/lib/meshx')).exitCode).toBe(1);
}, 240_000);

test('a VM that meshx-bypass keeps out of the mesh is taken out all the same', async () => {
  expectDone(await up('leave13'));
  expectDone(await lab.meshx(['capture', 'leave13', 'off']));
  const ran = await down('leave13');
  expectDone(ran);
  expect(ran.stderr).toContain('remove what meshx-bypass set aside');
  expect(ran.stderr).toContain(EMPTY);
}, 180_000);

test('the machine alone when its cluster cannot be reached, the cluster alone when the machine is gone', async () => {
  expectDone(await up('leave13'));
  await lab.stopIstiod();
  try {
    const words = ['down', 'leave13', '--yes', '--verify', '--drain-timeout', '1'];
    const nowhere = lab.meshxArgv(words).map((word) => (word.startsWith('KUBECONFIG=') ? 'KUBECONFIG=/nowhere' : word));
    const refused = await run(nowhere, { timeoutMs: 180_000, cwd: lab.home });
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('--vm-only')]);
    const ran = await run([...nowhere, '--vm-only'], { timeoutMs: 180_000, cwd: lab.home });
    expectDone(ran);
    expect(ran.stderr).toContain(EMPTY);
    expect(ran.stdout).toContain(`meshx down leave13 --cluster-only -n ${NAMESPACE} --workload-group leave13`);
  } finally {
    await lab.startIstiod();
  }
  await lab.powerOff('leave13');
  const lost = await lab.meshx(['down', 'leave13', '--yes', '-n', NAMESPACE]);
  expect([lost.exitCode, lost.stderr]).toEqual([1, expect.stringContaining('--cluster-only')]);
  expectDone(await lab.meshx(['down', 'leave13', '--yes', '--cluster-only', '-n', NAMESPACE]));
  expect(await registered()).toBe('');
  await lab.powerOn(vm13);
}, 240_000);

test('rollback restores the former package, and ends open connections only with --restart', async () => {
  const version = async (): Promise<string> =>
    await lab.mustSsh('leave12', "dpkg-query -W -f '${Version}' istio-sidecar");
  expectDone(await up('leave12'));
  const first = await version();
  const none = await lab.meshx(['rollback', 'leave12']);
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('explain no-former-package')]);
  expectDone(await up('leave12', '--package', lab.newerDeb));
  expect(await version()).not.toBe(first);

  using client = await busyClient();
  const refused = await lab.meshx(['rollback', 'leave12']);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('explain restart-ends-connections')]);
  client.send("select 'st', 'ill';");
  await lab.waitFor('the connection to live on', () => client.output.includes('st\till'));
  const ran = await lab.meshx(['rollback', 'leave12', '--restart', '--drain-timeout', '2']);
  expectDone(ran);
  expect(ran.stderr).toContain('take leavedb out of rotation');
  expect(ran.stderr).toMatch(/1 connection through the mesh \(1 from clients\) left after \d/);
  expect(ran.stderr).toContain('take leavedb back into rotation');
  expect(await version()).toBe(first);
  using again = await busyClient();
  again.send('exit');
  const ended = await down('leave12');
  expectDone(ended);
  expect(ended.stderr).toContain(EMPTY);
}, 240_000);

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { Operator } from './support/operator.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMES = ['fleet1', 'fleet2', 'fleet3', 'fleet4', 'fleet5', 'fleet6'];
const NAMESPACE = 'fleet';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'fleet');
  await Promise.all(NAMES.map((name, index) => lab.vm(name, `10.150.0.${171 + index}`, { mysql: 'off' })));
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

/** Writes the file of the fleet: the first VM is its canary, and the others follow in batches. */
async function describeFleet(names: readonly string[], deb = lab.deb, serial = 2, more = ''): Promise<void> {
  const text = `fleet: shop
cluster: {istio-namespace: istio-system}
options: {namespace: ${NAMESPACE}, package: ${deb}, istiod-address: 10.150.0.1, drain-timeout: 1}
rollout: {serial: ${serial}, canary: {hosts: [fleet1], soak: 1}}
groups:
  web: {${more}services: ['web:http:8080'], hosts: [${names.join(', ')}]}
`;
  await writeFile(join(lab.home, 'fleet.yaml'), text);
}

const fleet = async (...words: readonly string[]) => await lab.meshx(['fleet', ...words]);
const groups = async (): Promise<readonly string[]> =>
  (await lab.kubectl(['-n', NAMESPACE, 'get', 'workloadgroups', '-o', 'name']))
    .split('\n')
    .filter((line) => line !== '');
const lease = async (): Promise<string> =>
  await lab.kubectl(['-n', 'istio-system', 'get', 'lease', '-o', 'jsonpath={.items[*].spec.holderIdentity}']);
const hashOf = ({ stdout }: { readonly stdout: string }): string =>
  /--plan-hash ([0-9a-f]{32})/.exec(stdout)?.[1] ?? '';
const recap = (numbers: string): string => `Recap of fleet shop: ${numbers}`;

test('a canary that fails leaves the other five VMs untouched', async () => {
  await describeFleet(NAMES);
  await lab.mustSsh('fleet1', 'mv /usr/bin/flock /usr/bin/flock.away');
  const ran = await fleet('apply');
  expect(ran.exitCode).toBe(1);
  expect(ran.stdout).toContain(recap('0 ok, 0 changed, 1 failed, 5 skipped'));
  expect(ran.stdout).toContain('canary fleet1 failed');
  expect(await groups()).toEqual([]);
  for (const name of NAMES) expect((await lab.ssh(name, 'ls /var/lib/meshx /etc/istio')).stdout).toBe('');
}, 120_000);

test('a run that was killed is finished by the same command, a second operator is kept out, and then nothing is left to do', async () => {
  await lab.mustSsh('fleet1', 'mv /usr/bin/flock.away /usr/bin/flock');
  for (const name of NAMES) await lab.mustSsh(name, 'systemctl enable --now lab-http@8080');
  const approved = ['fleet', 'apply', '--plan-hash', hashOf(await fleet('plan'))];
  using killed = new Operator(lab, approved);
  await lab.waitFor('the second batch', async () => (await groups()).length >= 2, { timeoutMs: 90_000, everyMs: 100 });
  killed.signal('SIGKILL');
  await killed.ended;
  const status = await fleet('status');
  expect(status.stdout).toMatch(/^fleet1 +yes .* changed$/m);
  expect(status.stdout).toMatch(/^fleet6 .* waiting$/m);

  using resumed = new Operator(lab, approved);
  await lab.waitFor('the third batch', async () => (await groups()).length >= 4, { timeoutMs: 120_000, everyMs: 100 });
  const second = await fleet('apply');
  expect([second.exitCode, second.stderr]).toEqual([1, expect.stringContaining('Fleet shop is being changed by')]);
  const done = await resumed.ended;
  expectDone(done);
  expect(done.stdout).toMatch(/^Recap of fleet shop: \d ok, \d changed, 0 failed, 0 skipped$/m);
  expect(await groups()).toHaveLength(6);
  expect(await lease()).toBe('');

  const again = await fleet('apply');
  expectDone(again);
  expect(again.stdout).toContain(recap('6 ok, 0 changed, 0 failed, 0 skipped'));
}, 480_000);

test('a VM whose service is broken behind an open port is found, though the others of its service answer', async () => {
  const cluster = ['--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'];
  const verified = async (name: string) => await lab.meshx(['verify', 'vm', name, '-n', NAMESPACE, ...cluster]);
  await lab.mustSsh('fleet2', 'systemctl stop lab-http@8080');
  const broken = `sed 's/status, body = 200, "ok"/status, body = 500, "broken"/' /usr/local/lib/meshx-lab/lab-http.py >/run/broken.py`;
  await lab.mustSsh('fleet2', `${broken}; chmod 755 /run/broken.py; systemd-run -q --unit broken /run/broken.py 8080`);
  const found = await verified('fleet2');
  expect(found.exitCode).toBe(4);
  expect(found.stdout).toMatch(/error +.*own-endpoint:web:8080/);
  expectDone(await verified('fleet1'));
  await lab.mustSsh('fleet2', 'systemctl stop broken; systemctl start lab-http@8080');
  expectDone(await verified('fleet2'));
}, 120_000);

test('an upgrade and its rollback go through the batches', async () => {
  const version = async (name: string): Promise<string> =>
    await lab.mustSsh(name, "dpkg-query -W -f '${Version}' istio-sidecar");
  const first = await version('fleet6');
  const some = ['--limit', 'fleet1,fleet2,fleet3', '--restart'];
  await describeFleet(NAMES, lab.newerDeb, 1);
  const plan = await fleet('plan', ...some);
  expect(plan.stdout).toMatch(/^Canaries\n {2}~ fleet1: .*\nBatch 1 of 2\n/m);
  const upgraded = await fleet('apply', ...some, '--plan-hash', hashOf(plan));
  expectDone(upgraded);
  expect(upgraded.stdout).toContain(recap('0 ok, 3 changed, 0 failed, 0 skipped'));
  for (const name of NAMES.slice(0, 3)) expect(await version(name)).not.toBe(first);
  const back = await fleet('rollback', '--restart');
  expectDone(back);
  expect(back.stdout).toContain(recap('0 ok, 3 changed, 0 failed, 0 skipped'));
  for (const name of NAMES) expect(await version(name)).toBe(first);

  await describeFleet(NAMES, lab.deb, 1, 'labels: {tier: web}, ');
  expectDone(await fleet('apply', '--limit', 'fleet1', '--restart'));
  const skipped = await fleet('rollback', '--restart');
  expectDone(skipped);
  expect(skipped.stdout).toContain('skipped  fleet1: the last run of the fleet did not change its package');
  expect(await version('fleet1')).toBe(first);
}, 480_000);

test('a VM that is taken off the file is shown, and leaves only with --prune; remove takes the others out', async () => {
  await describeFleet(NAMES.slice(0, 5));
  const kept = await fleet('apply');
  expectDone(kept);
  expect((await fleet('plan')).stdout).toContain('No longer in the file; removed only with --prune: fleet6');
  expect(await groups()).toHaveLength(6);
  const pruned = await fleet('apply', '--prune', '--yes');
  expectDone(pruned);
  expect(await groups()).toHaveLength(5);
  expect(await lab.mustSsh('fleet6', 'test ! -e /var/lib/meshx/undo && echo restored')).toBe('restored\n');
  const removed = await fleet('remove', '--yes');
  expectDone(removed);
  expect(await groups()).toEqual([]);
  expect(await lab.kubectl(['-n', 'istio-system', 'get', 'leases', '-o', 'name'])).not.toContain('meshx-fleet-shop');
}, 240_000);

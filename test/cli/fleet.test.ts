import { chmodSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { HeldLease, LEASE_TIMES } from '../../src/cluster/lease/held-lease.ts';
import { createLease, readLease, writeLease } from '../../src/cluster/lease/lease.ts';
import { connectLive } from '../../src/cluster/api/live/live-kubernetes.ts';
import { sshServer } from '../support/ssh-server.ts';
import { imageFleet } from '../support/image-fleet.ts';
import { runCli } from '../support/run-cli.ts';

const NAMES = ['web-1', 'web-2'];
const PLACE = { namespace: 'istio-system', name: 'meshx-fleet-shop' };

test('a canary that fails leaves the rest untouched; the same command goes on; then nothing is left to do; prune asks first', async () => {
  await using shop = await imageFleet(NAMES);
  shop.write('{serial: 1, canary: {hosts: [web-1], soak: 0}}', NAMES);
  const plan = await shop.fleet(['plan', '--exit-code']);
  expect(plan.exitCode).toBe(3);
  expect(plan.stdout).toMatch(
    /^Fleet shop: 2 VMs: 2 new, 0 with changes, 0 up to date\nCanaries\n {2}\+ web-1: new, \d+ changes\nBatch 1 of 1\n/,
  );
  expect(shop.server.mutations).toEqual([]);
  const [, hash = ''] = /--plan-hash ([0-9a-f]{32})/.exec(plan.stdout) ?? [];

  shop.server.fail({ on: /^PATCH .*\/workloadgroups\/web-1/, answer: 403, times: 1 });
  const failed = await shop.fleet(['apply', '--plan-hash', hash]);
  expect(failed.exitCode).toBe(1);
  expect(failed.stdout).toContain('Recap of fleet shop: 0 ok, 0 changed, 1 failed, 1 skipped');
  expect(failed.stdout).toContain('skipped  web-2: canary web-1 failed');
  expect(shop.server.all('WorkloadGroup')).toEqual([]);
  const status = await shop.fleet(['status']);
  expect(status.stdout).toMatch(/stopped: canary web-1 failed$/m);
  expect(status.stdout).toMatch(/^web-1 +yes .* failed$/m);
  expect(status.stdout).toMatch(/^web-2 +not yet .* skipped$/m);

  const other = await shop.fleet(['apply', '--plan-hash', '0123456789abcdef'.repeat(2)]);
  expect(other.stderr).toContain('fleet-plan-outdated');
  const done = await shop.fleet(['apply', '--plan-hash', hash]);
  expect(done.stdout).toBe('Recap of fleet shop: 0 ok, 2 changed, 0 failed, 0 skipped\n');
  const writes = shop.server.mutations.length;
  const again = await shop.fleet(['apply']);
  expect(again.stdout).toBe('Recap of fleet shop: 2 ok, 0 changed, 0 failed, 0 skipped\n');
  expect(shop.server.mutations).toHaveLength(writes);

  shop.write('{}', ['web-1']);
  const diff = await shop.fleet(['diff']);
  expect(diff.stdout).toBe('- web-2: no longer in the file\n');
  expect((await shop.fleet(['apply'])).stdout).toContain('1 ok, 0 changed');
  expect((await shop.fleet(['apply', '--prune'])).stderr).toContain('needs-confirmation');
}, 120_000);

test('what the record in the cluster says of a run lets no one apply another plan with the hash of an approved one', async () => {
  await using shop = await imageFleet(NAMES);
  shop.write('{serial: 1, canary: {hosts: [web-1], soak: 0}}', NAMES);
  const plan = await shop.fleet(['plan']);
  const [, hash = ''] = /--plan-hash ([0-9a-f]{32})/.exec(plan.stdout) ?? [];
  shop.server.fail({ on: /^PATCH .*\/workloadgroups\/web-1/, answer: 403, times: 1 });
  await shop.fleet(['apply', '--plan-hash', hash]);

  shop.write('{serial: 1, canary: {hosts: [web-1], soak: 0}}', NAMES, '', 'web:http:9090');
  const kube = connectLive({ kubeconfig: join(shop.folder, 'kubeconfig'), env: {}, home: shop.folder });
  const state = (await readLease(kube, PLACE))!;
  const run = JSON.parse(state.annotations['fleet.meshx.dev/run']!);
  const forged = JSON.stringify({ ...run, plan: hash, vms: { 'web-1': 'running', 'web-2': 'running' } });
  await writeLease(kube, PLACE, { ...state, annotations: { ...state.annotations, 'fleet.meshx.dev/run': forged } });
  const writes = shop.server.mutations.length;
  const refused = await shop.fleet(['apply', '--plan-hash', hash]);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('fleet-plan-outdated') });
  expect(shop.server.mutations).toHaveLength(writes);

  shop.write('{serial: 1, canary: {hosts: [web-1], soak: 0}}', NAMES);
  expect((await shop.fleet(['apply', '--plan-hash', hash])).stdout).toContain('2 changed, 0 failed');
}, 120_000);

test('a VM that got another name in the file does not leave the mesh when its former name is pruned', async () => {
  await using shop = await imageFleet(['web-1']);
  const named = (name: string): string => `  named:
    services: [web:http:8080]
    options: {vm-address: 10.150.0.5, workload-group: web}
    hosts: {${name}: {address: vm.example, options: {root: web-1}}}
`;
  shop.write('{}', [], named('old'));
  expect((await shop.fleet(['apply'])).stdout).toContain('1 changed, 0 failed');
  const groups = shop.server.all('WorkloadGroup');
  expect(groups).toHaveLength(1);
  shop.write('{}', [], named('new'));
  const { stdout } = await shop.fleet(['apply', '--prune', '--yes']);
  expect(stdout).toContain('0 failed, 1 skipped');
  expect(stdout).toContain('old: it is the machine of new, which stays in the file');
  expect(shop.server.all('WorkloadGroup')).toHaveLength(1);
  const again = await shop.fleet(['apply', '--prune', '--yes']);
  expect(again.stdout).toBe('Recap of fleet shop: 1 ok, 0 changed, 0 failed, 0 skipped\n');
}, 120_000);

test('a fleet file that others can change is not read', async () => {
  await using shop = await imageFleet([]);
  shop.write('{}', []);
  chmodSync(join(shop.folder, 'fleet.yaml'), 0o646);
  const { exitCode, stderr } = await shop.fleet(['apply']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('fleet.yaml is not read: other users can change it');
  expect(stderr).toContain('meshx explain fleet-file-refused');
  expect(shop.server.requests).toEqual([]);
});

test('a fleet file that cannot be looked at is not called missing', async () => {
  await using shop = await imageFleet([]);
  const file = join(shop.folder, 'fleet.yaml');
  rmSync(file, { force: true });
  symlinkSync(file, file);
  const { exitCode, stderr } = await shop.fleet(['apply']);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('fleet.yaml is not read: ELOOP')]);
});

test('a VM that only the record names is shown with its address, and nothing is sent to it without a known host key', async () => {
  await using shop = await imageFleet(['web-1']);
  const victim = await sshServer();
  shop.write('{}', ['web-1']);
  await shop.fleet(['apply']);
  const address = `ssh://127.0.0.1:${victim.port}`;
  const kube = connectLive({ kubeconfig: join(shop.folder, 'kubeconfig'), env: {}, home: shop.folder });
  const state = (await readLease(kube, PLACE))!;
  const members = JSON.stringify({ 'web-1': {}, victim: { address } });
  await writeLease(kube, PLACE, {
    ...state,
    annotations: { ...state.annotations, 'fleet.meshx.dev/members': members },
  });
  const plan = await shop.fleet(['plan', '--prune']);
  expect(plan.stdout).toContain(`Removed from the mesh at the end: victim (at ${address})`);
  const asked = await shop.fleet(['remove', '--prune']);
  expect(asked.stderr).toContain(`To remove from the mesh (web-1, victim (at ${address}))`);
  const login = ['--accept-new-host-key', '--ssh-config', '/dev/null', '--user', 'root'];
  const ran = await shop.fleet(['apply', '--prune', '--yes', ...login]);
  expect(ran).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('ssh-host-key-unknown') });
  expect(victim.seen.mostChannels).toBe(0);
  await victim.close();
}, 120_000);

test('a removal is shown by --dry-run in the words of the run, and changes nothing', async () => {
  await using shop = await imageFleet(NAMES);
  shop.write('{serial: 1}', NAMES);
  await shop.fleet(['apply']);
  shop.write('{serial: 1}', ['web-1']);
  const writes = shop.server.mutations.length;
  const dry = await shop.fleet(['remove', '--dry-run', '--exit-code']);
  expect([dry.exitCode, dry.stdout.split('\n')]).toEqual([
    3,
    [
      'Fleet shop: remove from the mesh: web-1',
      'batch (1 of 1): web-1',
      'No longer in the file; removed only with --prune: web-2',
      'To carry this out: meshx fleet remove. Every change of one VM: meshx down web-1 --dry-run',
      '',
    ],
  ]);
  const pruned = await shop.fleet(['remove', '--prune', '--dry-run']);
  expect([pruned.exitCode, pruned.stdout]).toEqual([0, expect.stringContaining('batch (2 of 2): web-2\n')]);
  expect(pruned.stdout).toContain('To carry this out: meshx fleet remove --prune.');
  const json = JSON.parse((await shop.fleet(['remove', '--dry-run', '-o', 'json'])).stdout) as object;
  expect(json).toMatchObject({ fleet: 'shop', vms: [{ vm: 'web-1', changes: ['remove it from the mesh'] }] });
  expect(shop.server.mutations).toHaveLength(writes);

  const asked = await shop.fleet(['remove', '--prune'], { ask: () => Promise.resolve('no') });
  expect(asked.stderr).toContain('See what would be done: meshx fleet remove --prune --dry-run');
  const ran = await shop.fleet(['remove', '--prune', '--yes']);
  expect(ran.stderr).toContain('batch (2 of 2): web-2');
  expect((await shop.fleet(['remove', '--dry-run', '--exit-code'])).stdout).toBe('Fleet shop: nothing to remove\n');
}, 120_000);

test('a service that is taken off the file is shown, and leaves with --prune; one that another VM of the group has stays', async () => {
  await using shop = await imageFleet(['web-1', 'web-2']);
  const group = (name: string, host: string, services: string): string => `  ${name}:
    services: [${services}]
    hosts: {${host}: {options: {root: ${host}, vm-address: 10.150.0.5}}}
`;
  const write = (services: string): void => shop.write('{}', [], group('own', 'web-1', services));
  write('web:http:8080, admin:http:8081');
  expect((await shop.fleet(['apply'])).stdout).toContain('1 changed, 0 failed');
  const names = (): readonly string[] => shop.server.all('Service').map(({ metadata }) => metadata.name);
  expect(names()).toEqual(expect.arrayContaining(['web', 'admin']));
  write('web:http:8080');
  const kept = await shop.fleet(['plan']);
  expect(kept.stdout).toContain('Services that the file does not name, removed only with --prune: web-1: admin');
  expect((await shop.fleet(['apply'])).stdout).toContain('1 ok, 0 changed');
  expect(names()).toContain('admin');
  expect((await shop.fleet(['apply', '--prune'])).stderr).toContain('service admin of web-1');
  expect((await shop.fleet(['apply', '--prune', '--yes'])).stdout).toContain('1 changed, 0 failed');
  expect(names()).toContain('web');
  expect(names()).not.toContain('admin');
  expect(JSON.stringify(shop.server.all('WorkloadGroup'))).not.toContain('admin');
  expect((await shop.fleet(['apply', '--prune', '--yes'])).stdout).toContain('1 ok, 0 changed');
}, 120_000);

test('a service that moves to another VM of the file keeps its Service, whichever VM is changed first', async () => {
  await using shop = await imageFleet(['web-1', 'web-2']);
  const group = (index: number, services: string): string => `  own-${index}:
    services: [${services}]
    hosts: {web-${index}: {options: {root: web-${index}, vm-address: 10.150.0.${index}}}}
`;
  shop.write('{}', [], group(1, 'web:http:8080, admin:http:8081'));
  expect((await shop.fleet(['apply'])).stdout).toContain('1 changed, 0 failed');
  shop.write('{serial: 1}', [], group(1, 'web:http:8080') + group(2, 'admin:http:8081'));
  const plan = await shop.fleet(['plan', '--prune']);
  const [, hash = ''] = /--plan-hash ([0-9a-f]{32})/.exec(plan.stdout) ?? [];
  const moved = await shop.fleet(['apply', '--prune', '--yes', '--plan-hash', hash]);
  expect(moved.stdout).toContain('2 changed, 0 failed');
  expect(shop.server.all('Service').map(({ metadata }) => metadata.name)).toContain('admin');
  const groups = shop.server.all('WorkloadGroup').filter((each) => JSON.stringify(each).includes('admin'));
  expect(groups.map(({ metadata }) => metadata.name)).toEqual(['web-2']);
}, 120_000);

test('two operators never change a fleet at once, and a dead one blocks it for the time of its lease only', async () => {
  await using shop = await imageFleet(['web-1']);
  shop.write('{}', ['web-1']);
  const { signal } = new AbortController();
  const kube = connectLive({ kubeconfig: join(shop.folder, 'kubeconfig'), env: {}, home: shop.folder });
  await createLease(kube, PLACE, signal);
  const seen = (await readLease(kube, PLACE))!;
  const times = { ...LEASE_TIMES, renewMs: 200 };
  const about = { kube, place: PLACE, now: () => new Date(), times };
  const held = await HeldLease.take({ ...about, holder: 'anna@laptop/0123456789ab' }, seen);
  const refused = await shop.fleet(['apply']);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('Fleet shop is being changed by anna@laptop since');
  expect(shop.server.all('WorkloadGroup')).toEqual([]);
  await held[Symbol.asyncDispose]();

  const free = (await readLease(kube, PLACE))!;
  // Only the other run ends it: no deadline of its own does.
  const unrenewed = { leaseMs: 1000, renewMs: 600_000, deadlineMs: 600_000 };
  const late = { ...about, holder: 'anna@laptop/ba9876543210', times: unrenewed };
  await using dead = await HeldLease.take(late, free);
  const taken = await shop.fleet(['apply']);
  expect(taken.stdout).toBe('Recap of fleet shop: 0 ok, 1 changed, 0 failed, 0 skipped\n');
  expect(await dead.annotate({})).toBe(false);
  expect(dead.lost).toMatch(/set free|took it/);
}, 120_000);

test.each(['plan', 'apply', 'status', 'diff', 'rollback', 'remove'])(
  'fleet %s without a fleet file says how to get one',
  async (verb) => {
    const { stderr, exitCode } = await runCli(['fleet', verb]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^meshx: There is no fleet file \/.*\/fleet\.yaml\.$/m);
    expect(stderr).toContain(`name another one: meshx fleet ${verb} FILE`);
  },
);

test('issues of options are shown with line and column, and nothing is read from a cluster', async () => {
  await using shop = await imageFleet([]);
  shop.write('{}', ['web-1'], '  db: {hosts: [db-1], options: {vm-address: nowhere, probe: tcp}}\n');
  const { exitCode, stderr } = await shop.fleet(['plan']);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/ {2}- fleet\.yaml:9:\d+: vm-address: .*nowhere/);
  expect(stderr).toMatch(/ {2}- fleet\.yaml:9:\d+: probe: it needs a --service to probe/);
  expect(shop.server.requests).toEqual([]);
});

test('the hosts of a command join the group of the file; a command that fails, prints too much or takes too long is named', async () => {
  await using shop = await imageFleet(['web-1']);
  const printing = JSON.stringify({ web: { hosts: ['web-1'] } });
  shop.write('{}', [], `inventory:\n  - command: [sh, -c, 'echo "$0"', '${printing}']\n`);
  rmSync(join(shop.folder, 'web-1'), { recursive: true });
  const found = await shop.fleet(['plan', '--user', 'nobody', '--ssh-config', '/dev/null']);
  expect(found.stderr).toContain('web-1: ');
  const bad = [
    ["[sh, -c, 'echo no >&2; exit 3']", 'exit code 3: no'],
    ["[sh, -c, 'yes']", 'more than 8 MiB'],
    ['[sleep, "30"]\n    timeout: 1', 'longer than 1 s'],
    ['[./missing]', 'ENOENT'],
  ] as const;
  for (const [command, words] of bad) {
    shop.write('{}', [], `inventory:\n  - command: ${command}\n`);
    const { stderr } = await shop.fleet(['plan']);
    expect(stderr).toContain('fleet-inventory-failed');
    expect(stderr).toContain(words);
  }
}, 120_000);

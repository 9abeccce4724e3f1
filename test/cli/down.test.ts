import { jest } from '@jest/globals';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleImage, examplePackage } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { aJoinedExample, anExample, copyOf, type Example } from '../support/joined-example.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';

jest.setTimeout(60_000);

interface Site extends Example {
  readonly where: readonly string[];
}

const siteOf = (example: Example): Site => ({
  ...example,
  where: ['istio-vm', '--root', example.root, '--manifests', example.cluster],
});

/** Content, mode and links: undoing writes files anew, so the time of change of an inode is another one. */
const tree = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(folderState(folder)).map(([path, state]) => [path, state.replace(/^(\d+) \d+ /, '$1 ')]),
  );

/** What the image of each example has before it is joined. */
const joinedFrom = tree(anExample().root);
const joined = async (...more: readonly string[]): Promise<Site> => siteOf(await aJoinedExample(...more));

/** A group that is named after no machine, with the entries that istiod makes of those at these addresses. */
async function sharedGroup(...addresses: readonly string[]): Promise<Site> {
  const at = await joined('--workload-group', 'web');
  const entry = (address: string): string => `# Written by meshx. Changes made by hand are lost at the next run.
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: web-${address}, namespace: vm, annotations: { istio.io/autoRegistrationGroup: web } }
spec: { address: ${address} }
`;
  for (const address of addresses)
    writeFileSync(join(at.cluster, `meshx/vm/workloadentry-web-${address}.yaml`), entry(address));
  return at;
}

const down = (at: Site, ...more: readonly string[]): Promise<CliResult> => runCli(['down', ...at.where, ...more]);

test('what setup-vm made is gone, in the machine and in the cluster, and a second run changes nothing', async () => {
  const at = await joined();
  const done = await down(at, '--yes');
  expect([done.exitCode, done.stdout]).toEqual([0, expect.stringContaining('istio-vm: left the mesh')]);
  expect(tree(at.root)).toEqual(joinedFrom);
  const left = Object.keys(folderState(at.cluster)).filter((path) => /Service|Sidecar|WorkloadGroup/i.test(path));
  expect(left.filter((path) => path.includes('mysqldb') || path.includes('istio-vm'))).toEqual([]);
  expect(done.stdout).toContain('kubectl delete namespace vm');

  const state = [folderState(at.root), folderState(at.cluster)];
  const again = await down(at, '--yes', '-n', 'vm');
  expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('nothing to do')]);
  expect([folderState(at.root), folderState(at.cluster)]).toEqual(state);
});

test('a machine that meshx never touched has nothing to do', async () => {
  const at = siteOf(anExample());
  const before = [folderState(at.root), folderState(at.cluster)];
  const { exitCode, stdout } = await down(at);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('nothing to do')]);
  expect([folderState(at.root), folderState(at.cluster)]).toEqual(before);
});

test('a dry run says what is done, in the same words, and changes nothing', async () => {
  const at = await joined();
  const before = [folderState(at.root), folderState(at.cluster)];
  const dry = await down(at, '--dry-run', '--exit-code');
  expect(dry.exitCode).toBe(3);
  expect([folderState(at.root), folderState(at.cluster)]).toEqual(before);
  const lines = (text: string): readonly string[] =>
    text.split('\n').filter((line) => /^(?:[+=x-] | {4}\S)/.test(line));
  expect(lines((await down(at, '--yes')).stderr)).toEqual(lines(dry.stdout));
});

test('it asks for confirmation, and changes nothing without a terminal', async () => {
  const at = await joined();
  const before = [folderState(at.root), folderState(at.cluster)];
  const { exitCode, stderr } = await down(at);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('explain needs-confirmation')]);
  expect(stderr).toContain('--yes');
  expect([folderState(at.root), folderState(at.cluster)]).toEqual(before);
});

test.each([
  ['n', 1],
  ['', 1],
  ['yes', 0],
])('the answer %j ends with %i', async (answer, expected) => {
  const at = await joined();
  const before = folderState(at.root);
  const said: string[] = [];
  const { exitCode } = await runCli(['down', ...at.where], {
    ...{ cwd: at.root, home: at.root, onErr: (text) => said.push(text) },
    ask: (question) => {
      said.push(question);
      return Promise.resolve(answer);
    },
  });
  expect(exitCode).toBe(expected);
  const text = said.join('\n');
  expect(text.indexOf('delete WorkloadGroup vm/istio-vm')).toBeLessThan(text.indexOf('[y/N]'));
  if (expected === 1) {
    expect(text).toContain('explain not-confirmed-by-you');
    expect(folderState(at.root)).toEqual(before);
  }
});

test('the plan is shown once, before the question; afterwards each step is one line', async () => {
  const at = await joined();
  const dry = await down(at, '--dry-run');
  const parts: string[] = [''];
  const { exitCode } = await runCli(['down', ...at.where], {
    ...{ cwd: at.root, home: at.root, onErr: (text) => void (parts[parts.length - 1] += `${text}\n`) },
    ask: () => Promise.resolve(parts.push('') > 0 ? 'yes' : ''),
  });
  expect([exitCode, parts.length]).toEqual([0, 2]);
  const [before = '', after = ''] = parts;
  const planned = dry.stdout.split('\n').filter((line) => /^(?:[+=] | {4}\S)/.test(line));
  expect(before.split('\n')).toEqual(expect.arrayContaining(planned));
  expect(after.match(/^ {4}\S.*$/gm)).toBeNull();
  expect(after.match(/^[+=] .*$/gm)).toEqual(planned.filter((line) => line.startsWith('+ ')));
});

/** What the sidecar's user can write, and what an attacker would like `down` to take for the truth. */
const CLAIM = 'ISTIO_META_AUTO_REGISTER_GROUP=db\nPOD_NAMESPACE=prod\nISTIO_SVC_IP=10.150.0.9\n';

/** A VM whose cluster has another one, which the settings will name. */
let beside: Example;
beforeAll(async () => {
  beside = await aJoinedExample();
  const victim = ['setup-vm', 'db', '--root', exampleImage(), '--manifests', beside.cluster, '-n', 'prod'];
  expect((await runCli([...victim, '--package', examplePackage, '--service', 'pg:5432'])).exitCode).toBe(0);
});

test.each([
  ['with the namespace typed', ['-n', 'vm'], true],
  ['with nothing typed', [], true],
  ['on a VM that an earlier meshx joined', ['-n', 'vm'], false],
  ['on such a VM with nothing typed', [], false],
])('settings that name the objects of another VM delete nothing, %s', async (_what, typed, hasRecord) => {
  const at = siteOf(copyOf(beside));
  const record = join(at.root, 'var/lib/meshx/membership');
  expect(statSync(record).mode & 0o777).toBe(0o600);
  if (!hasRecord) rmSync(record);
  appendFileSync(join(at.root, 'var/lib/istio/envoy/cluster.env'), CLAIM);
  const before = [folderState(at.root), folderState(at.cluster)];
  const { exitCode, stderr } = await down(at, ...typed, '--yes');
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/explain membership-(disagrees|unconfirmed)/)]);
  for (const value of ['prod', 'db', ...typed.slice(1)]) expect(stderr).toContain(value);
  expect(stderr).toMatch(/hint:.* meshx down istio-vm -n /);
  expect([folderState(at.root), folderState(at.cluster)]).toEqual(before);
});

test('names that the operator gives in full win over the settings', async () => {
  const at = await joined();
  appendFileSync(join(at.root, 'var/lib/istio/envoy/cluster.env'), CLAIM);
  const { exitCode, stderr } = await down(at, '-n', 'vm', '--workload-group', 'istio-vm', '--yes');
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('delete WorkloadGroup vm/istio-vm')]);
});

test('the question names the objects that will be deleted', async () => {
  const at = await joined();
  const asked: string[] = [];
  const ask = (question: string): Promise<string> => Promise.resolve(asked.push(question) > 0 ? 'no' : '');
  await runCli(['down', ...at.where], { cwd: at.root, home: at.root, ask });
  expect(asked.join()).toMatch(/delete Service vm\/mysqldb, .*delete WorkloadGroup vm\/istio-vm, undo \d+ changes/);
});

test('each side can be undone alone', async () => {
  const at = await joined('--vm-address', '10.150.0.5');
  const vmOnly = await runCli(['down', 'istio-vm', '--root', at.root, '--vm-only', '--yes']);
  expect([vmOnly.exitCode, tree(at.root)]).toEqual([0, joinedFrom]);
  const hint = 'meshx down istio-vm --cluster-only -n vm --workload-group istio-vm --vm-address 10.150.0.5';
  expect(vmOnly.stdout).toContain(hint);
  const words = ['--manifests', at.cluster, '-n', 'vm', '--cluster-only', '--vm-address', '10.150.0.5', '--yes'];
  const clusterOnly = await runCli(['down', 'istio-vm', ...words]);
  expect(clusterOnly.exitCode).toBe(0);
  expect(clusterOnly.stderr).toContain('delete WorkloadGroup vm/istio-vm');
});

test('a lost VM of a shared group takes nothing from the one that is left', async () => {
  const at = await sharedGroup('10.150.0.5');
  const words = ['--manifests', at.cluster, '-n', 'vm', '--cluster-only', '--yes'];
  const before = folderState(at.cluster);
  for (const address of [[], ['--vm-address', '10.150.0.6']]) {
    const { exitCode, stdout } = await runCli([
      'down',
      'web-2.invalid',
      ...words,
      '--workload-group',
      'web',
      ...address,
    ]);
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('WorkloadGroup vm/web is kept: 10.150.0.5 is in it'),
    ]);
    expect(folderState(at.cluster)).toEqual(before);
  }
  const named = await runCli(['down', 'web.invalid', ...words, '--workload-group', 'web']);
  expect(named.stderr).toContain('delete WorkloadGroup vm/web');
});

/** Two machines that are gone, whose host names give the same group, and whose addresses ssh_config knows. */
function twoGone(at: Site): readonly string[] {
  const config = join(at.root, 'ssh_config');
  writeFileSync(config, 'Host web.one\n  HostName 10.150.0.5\nHost web.two\n  HostName 10.150.0.6\n');
  const words = ['--manifests', at.cluster, '-n', 'vm', '--ssh-config', config, '--cluster-only', '--yes'];
  return ['down', 'web.one', 'web.two', ...words];
}

test('a lost VM is found by the address that ssh_config has for it', async () => {
  const at = await sharedGroup('10.150.0.5', '10.150.0.6');
  const { stderr } = await runCli(twoGone(at).filter((word) => word !== 'web.one'));
  expect(stderr).toContain('delete WorkloadEntry vm/web-10.150.0.6');
  expect(stderr).not.toContain('10.150.0.5');
});

test('the last VMs of a group leave side by side, and the group goes with them, once', async () => {
  const at = await sharedGroup('10.150.0.5', '10.150.0.6');
  const dry = await runCli([...twoGone(at), '--dry-run']);
  const { exitCode, stdout, stderr } = await runCli(twoGone(at));
  expect([exitCode, stdout]).toEqual([0, expect.not.stringContaining('WorkloadGroup vm/web is kept')]);
  for (const text of [dry.stdout, stderr]) expect(text.match(/delete WorkloadGroup vm\/web/g)).toHaveLength(1);
  const left = Object.keys(folderState(at.cluster)).filter((path) => path.startsWith('meshx/vm/'));
  expect(left).toEqual(['meshx/vm/namespace-vm.yaml']);
});

test('a group that the last VMs share is asked for too, and a no says how it goes later', async () => {
  const at = await sharedGroup('10.150.0.5', '10.150.0.6');
  const answers = ['yes', 'yes', 'no'];
  const { exitCode, stdout } = await runCli(
    twoGone(at).filter((word) => word !== '--yes'),
    { cwd: at.root, home: at.root, ask: () => Promise.resolve(answers.shift() ?? '') },
  );
  const finish = 'meshx down web.two --cluster-only -n vm --workload-group web';
  expect([exitCode, answers, stdout]).toEqual([1, [], expect.stringContaining(finish)]);
  const later = await runCli([...finish.split(' ').slice(1), '--manifests', at.cluster, '--yes']);
  expect(later.stderr).toContain('delete WorkloadGroup vm/web');
});

test('a group that others are still in stays when several of its VMs leave', async () => {
  const at = await sharedGroup('10.150.0.5', '10.150.0.6', '10.150.0.7');
  const { exitCode, stdout, stderr } = await runCli(twoGone(at));
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/WorkloadGroup vm\/web is kept: .*10\.150\.0\.7/)]);
  expect(stderr).toContain('delete WorkloadEntry vm/web-10.150.0.5');
  expect(stderr).not.toContain('delete WorkloadGroup');
});

test('a file that someone else changed stays until --restore or --keep decides', async () => {
  const at = await joined();
  const file = join(at.root, 'var/lib/istio/envoy/sidecar.env');
  appendFileSync(file, 'ISTIO_AGENT_FLAGS=--log_output_level=debug\n');
  const first = await down(at, '--yes');
  expect(first.exitCode).toBe(0);
  expect(first.stdout).toContain('/var/lib/istio/envoy/sidecar.env is kept');
  expect(first.stdout).toContain('meshx down istio-vm --restore /var/lib/istio/envoy/sidecar.env');
  expect(readFileSync(file, 'utf8')).toContain('debug');
  const after = tree(at.root);
  const second = await down(at, '--yes');
  expect([second.exitCode, second.stdout]).toEqual([0, expect.stringContaining('sidecar.env is kept')]);
  expect(tree(at.root)).toEqual(after);

  const unknown = await down(at, '--yes', '--restore', '/etc/motd');
  expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining('explain path-not-kept')]);
  const told = await down(at, '--yes', '--restore', '/var/lib/istio/envoy/sidecar.env');
  expect([told.exitCode, tree(at.root)]).toEqual([0, joinedFrom]);
});

test('a line that someone added to /etc/hosts survives', async () => {
  const at = await joined();
  const hosts = join(at.root, 'etc/hosts');
  const mode = statSync(hosts).mode;
  appendFileSync(hosts, '10.150.0.77 added-by-hand\n');
  const done = await down(at, '--yes');
  expect(done.exitCode).toBe(0);
  expect(readFileSync(hosts, 'utf8')).toContain('10.150.0.77 added-by-hand');
  expect(readFileSync(hosts, 'utf8')).not.toContain('istiod');
  expect(statSync(hosts).mode).toBe(mode);
});

test.each([
  [['--vm-only', '--cluster-only'], 'only one of them'],
  [['--cluster-only', '--verify'], 'the machine is not inspected'],
  [['--restore', 'etc/hosts'], 'is not a path from /'],
  [['--restore', '/a', '--keep', '/a'], 'both name /a'],
  [['other-vm', '--keep', '/a'], 'they are about one VM'],
])('%j is refused before anything is looked at', async (more, words) => {
  const { exitCode, stderr } = await runCli(['down', 'istio-vm', ...more]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(words)]);
});

test('a VM without a former package has nothing to roll back to', async () => {
  const at = await joined();
  const { exitCode, stderr } = await runCli(['rollback', ...at.where]);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('explain no-former-package')]);
  const never = siteOf(anExample());
  expect((await runCli(['rollback', ...never.where])).stderr).toContain('explain not-of-the-mesh');
});

test('a cluster that cannot be reached is no reason to leave the machine as it is', async () => {
  const at = await joined();
  writeFileSync(join(at.root, 'kubeconfig'), 'not: a kubeconfig\n');
  const { exitCode, stderr } = await runCli([
    'down',
    'istio-vm',
    '--root',
    at.root,
    '--kubeconfig',
    join(at.root, 'kubeconfig'),
  ]);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('--vm-only')]);
  expect(existsSync(join(at.root, 'var/lib/istio'))).toBe(true);
});

import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliProblems } from '../../src/problems/cli.ts';
import { exampleCluster, exampleImage, examplePackage, setRootNamespace } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { expectGolden } from '../support/golden.ts';
import { aJoinedExample, anExample, type Example, joining } from '../support/joined-example.ts';
import { runCli } from '../support/run-cli.ts';

interface Site extends Example {
  readonly words: readonly string[];
}

const siteOf = (example: Example): Site => ({ ...example, words: joining(example) });
const site = (): Site => siteOf(anExample());
const joined = async (): Promise<Site> => siteOf(await aJoinedExample());

/** The phases that were planned or carried out, with their lines. */
const phaseLines = (text: string): readonly string[] =>
  text.split('\n').filter((line) => /^(?:[+=x-] | {4}\S)/.test(line));
const timeless = (text: string): string => text.replace(/\(\d+\.\d s/g, '(0.0 s');
const state = ({ root, cluster }: Site): unknown => [folderState(root), folderState(cluster)];

test('a dry run prints the plan and changes nothing', async () => {
  const at = site();
  const before = state(at);
  const { exitCode, stdout } = await runCli(['setup-vm', ...at.words, '--dry-run', '--exit-code']);
  expect(exitCode).toBe(3);
  expectGolden('cli/setup-vm/dry-run.txt', timeless(stdout));
  expect(state(at)).toEqual(before);
});

test('what is done is what the dry run said, and a second run changes nothing', async () => {
  const at = site();
  const dry = await runCli(['setup-vm', ...at.words, '--dry-run']);
  const first = await runCli(['setup-vm', ...at.words]);
  expect(first.exitCode).toBe(0);
  expect(phaseLines(dry.stdout)).toContain('+ Check that no changes remain');
  expect(phaseLines(first.stderr)).toEqual(phaseLines(dry.stdout));

  const before = state(at);
  const second = await runCli(['up', ...at.words]);
  const empty = await runCli(['setup-vm', ...at.words, '--dry-run', '--exit-code']);
  expect([second.exitCode, empty.exitCode]).toEqual([0, 0]);
  expect(second.stdout).toContain('up to date, no changes');
  expect(state(at)).toEqual(before);
});

test('what configure does is what its dry run said, byte for byte', async () => {
  const at = await joined();
  const words = ['configure', 'istio-vm', '--root', at.root, '--ports', '27017,3306'];
  const dry = await runCli([...words, '--dry-run']);
  expect(dry.stdout).toContain('+ Configure the sidecar');
  expect((await runCli(words)).stdout).toBe(dry.stdout);
});

test('the Sidecar of the whole mesh is inherited from the root namespace, also by a plan that is kept', async () => {
  const at = site();
  setRootNamespace(at.cluster, 'istio-config');
  const general = `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: istio-config }
spec: { egress: [{ hosts: ['./*'] }] }
`;
  writeFileSync(join(at.cluster, 'general.yaml'), general);
  const plan = join(at.root, 'plan.json');
  expect((await runCli(['setup-vm', ...at.words, '--dry-run', '--out', plan])).exitCode).toBe(0);
  expect((await runCli(['apply', plan, '--root', at.root, '--manifests', at.cluster])).exitCode).toBe(0);
  expect(readFileSync(join(at.cluster, 'meshx/vm/sidecar-meshx-istio-vm.yaml'), 'utf8')).toContain('./*');
});

test('the files are in their places; the image holds no secret, and its source is named', async () => {
  const at = site();
  const { stdout } = await runCli(['setup-vm', ...at.words]);
  expect(existsSync(join(at.root, 'run/secrets/tokens/istio-token'))).toBe(false);
  expect(readFileSync(join(at.root, 'var/lib/istio/envoy/sidecar.env'), 'utf8')).toBe(
    'ISTIO_INBOUND_PORTS=3306\nISTIO_SERVICE=mysqldb\nISTIO_NAMESPACE=vm\n',
  );
  expect(readFileSync(join(at.root, 'var/lib/istio/envoy/cluster.env'), 'utf8')).toContain(
    "ISTIO_INBOUND_PORTS='3306'",
  );
  expect(readFileSync(join(at.root, 'etc/hosts'), 'utf8')).toContain('10.150.0.30 istiod.istio-system.svc');
  expect(stdout).toContain('The image contains no secret.');
});

test('a second service is added and the first one stays', async () => {
  const at = await joined();
  const more = at.words.filter((word) => word !== '--service' && word !== 'mysqldb:3306');
  const { exitCode } = await runCli(['up', ...more, '--service', 'web:http:8080']);
  expect(exitCode).toBe(0);
  expect(readFileSync(join(at.root, 'var/lib/istio/envoy/cluster.env'), 'utf8')).toContain(
    "ISTIO_INBOUND_PORTS='3306,8080'",
  );
});

test('--only does one step; an unknown step names the known ones', async () => {
  const at = site();
  const { exitCode } = await runCli(['setup-vm', ...at.words, '--only', 'cluster-env']);
  expect(exitCode).toBe(0);
  expect(existsSync(join(at.root, 'var/lib/istio/envoy/cluster.env'))).toBe(true);
  expect(existsSync(join(at.root, 'usr/local/bin/envoy'))).toBe(false);
  const wrong = await runCli(['setup-vm', ...at.words, '--only', 'everything']);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain('cluster-env');
});

test('--print shows every file and changes nothing', async () => {
  const at = site();
  const before = state(at);
  const { stdout } = await runCli(['setup-vm', ...at.words, '--print']);
  expect(stdout).toContain('--- /var/lib/istio/envoy/cluster.env (root:root 0644)');
  expect(stdout).toContain("ISTIO_SERVICE_CIDR='*'");
  expect(state(at)).toEqual(before);
});

test('JSON is one document with a version, for a dry run and for a run', async () => {
  const at = site();
  for (const more of [['--dry-run'], []]) {
    const { stdout } = await runCli(['setup-vm', ...at.words, ...more, '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      vms: [{ vm: 'istio-vm', group: 'istio-vm', namespace: 'vm' }],
    });
  }
});

test('a kept plan is applied later, by itself', async () => {
  const at = site();
  const cwd = exampleImage();
  const kept = await runCli(['setup-vm', ...at.words, '--dry-run', '--out', 'plan.json'], { cwd });
  expect(kept.exitCode).toBe(0);
  expect(statSync(join(cwd, 'plan.json')).mode & 0o077).toBe(0);
  const applied = await runCli(['apply', 'plan.json', '--root', at.root, '--manifests', at.cluster], { cwd });
  expect({ exitCode: applied.exitCode, stderr: applied.stderr.includes('x ') }).toEqual({ exitCode: 0, stderr: false });
  const after = await runCli(['setup-vm', ...at.words, '--dry-run', '--exit-code']);
  expect(after.exitCode).toBe(0);
});

test('a kept plan is refused when the machine has changed since, and nothing is applied', async () => {
  const at = site();
  const cwd = exampleImage();
  await runCli(['setup-vm', ...at.words, '--dry-run', '--out', 'plan.json'], { cwd });
  writeFileSync(join(at.root, 'etc/hosts'), '10.150.0.30 istiod.istio-system.svc # meshx\n');
  const before = state(at);
  const { exitCode, stderr } = await runCli(['apply', 'plan.json', '--root', at.root, '--manifests', at.cluster], {
    cwd,
  });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('explain plan-outdated');
  expect(state(at)).toEqual(before);
});

test.each([
  ['no JSON', 'nothing'],
  ['JSON of something else', '{"version": 1}'],
])('a file that holds %s is no plan', async (_what, text) => {
  const cwd = exampleImage();
  writeFileSync(join(cwd, 'plan.json'), text);
  const { exitCode, stderr } = await runCli(['apply', 'plan.json', '--root', cwd], { cwd });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('explain plan-invalid');
});

test.each([
  ['no JSON', 'nothing', 'it is not JSON'],
  ['another format', '{"version": 9}', 'it has format 9, and this meshx reads format 2'],
  ['a list', '[]', 'it is not an object'],
  ['only the format', '{"version": 2, "hash": "x", "vm": "a"}', 'missing or wrong: registration, steps, plan'],
])('a plan file with %s is refused in words, without the text of a library', async (_what, text, words) => {
  const cwd = exampleImage();
  writeFileSync(join(cwd, 'plan.json'), text);
  const { stderr } = await runCli(['apply', 'plan.json', '--root', cwd], { cwd });
  expect(stderr).toContain(words);
  expect(stderr).not.toMatch(/Invalid input|expected|undefined/);
});

test('a kept plan with a recomputed hash runs only scripts of meshx', async () => {
  const at = site();
  const cwd = exampleImage();
  await runCli(['setup-vm', ...at.words, '--dry-run', '--out', 'plan.json'], { cwd });
  const path = join(cwd, 'plan.json');
  const { version, hash, ...kept } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  expect([version, typeof hash]).toEqual([2, 'string']);
  const text = JSON.stringify(kept).replace(/"text":"/, '"text":"touch /tmp/owned; ');
  const forged = { version, hash: createHash('sha256').update(text).digest('hex'), ...JSON.parse(text) };
  writeFileSync(path, JSON.stringify(forged));
  const { exitCode, stderr } = await runCli(['apply', 'plan.json', '--root', at.root, '--manifests', at.cluster], {
    cwd,
  });
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('not a script of this meshx: package')]);
});

test('a plan that was edited by hand is refused', async () => {
  const at = site();
  const cwd = exampleImage();
  await runCli(['setup-vm', ...at.words, '--dry-run', '--out', 'plan.json'], { cwd });
  const path = join(cwd, 'plan.json');
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('/etc/certs', '/etc/other'));
  const { exitCode, stderr } = await runCli(['apply', 'plan.json', '--root', at.root, '--manifests', at.cluster], {
    cwd,
  });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('it was changed by hand');
});

test('Ctrl-C before the work begins changes nothing and says so', async () => {
  const at = site();
  const before = state(at);
  const controller = new AbortController();
  const { exitCode, stderr } = await runCli(['setup-vm', ...at.words], {
    signal: controller.signal,
    onErr: () => controller.abort(),
  });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('meshx explain ');
  expect(stderr).not.toContain('this is a bug');
  expect(state(at)).toEqual(before);
});

test('Ctrl-C in the middle says what is done, and the same command finishes', async () => {
  const at = site();
  const controller = new AbortController();
  const stopped = await runCli(['setup-vm', ...at.words], {
    signal: controller.signal,
    onErr: (text) => {
      if (text.includes('Install the sidecar')) controller.abort();
    },
  });
  expect(stopped.exitCode).toBe(1);
  expect(stopped.stderr).toContain('done: ');
  expect(stopped.stderr).toContain('not done: ');
  const { exitCode } = await runCli(['setup-vm', ...at.words]);
  expect(exitCode).toBe(0);
});

test('configure sets its own keys, keeps the rest, and writes nothing the second time', async () => {
  const at = await joined();
  const file = join(at.root, 'var/lib/istio/envoy/sidecar.env');
  writeFileSync(file, '# mine\nISTIO_AGENT_FLAGS=--x\nISTIO_SERVICE=old\n');
  const words = [
    'configure',
    'istio-vm',
    '--root',
    at.root,
    '--service',
    'mysqldb',
    '-n',
    'vm',
    '--ports',
    '27017,3306,8080',
  ];
  expect((await runCli([...words, '--dry-run', '--exit-code'])).exitCode).toBe(3);
  expect((await runCli(words)).exitCode).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(
    '# mine\nISTIO_AGENT_FLAGS=--x\nISTIO_SERVICE=mysqldb\nISTIO_INBOUND_PORTS=27017,3306,8080\nISTIO_NAMESPACE=vm\n',
  );
  const before = folderState(at.root);
  expect((await runCli(words)).exitCode).toBe(0);
  expect(folderState(at.root)).toEqual(before);
});

test('configure takes other keys by name, and a key away; values that would break the file are refused', async () => {
  const at = await joined();
  const file = join(at.root, 'var/lib/istio/envoy/sidecar.env');
  const words = ['configure', 'istio-vm', '--root', at.root];
  await runCli([...words, '--set', 'ISTIO_AGENT_FLAGS=--a,b', '--unset', 'ISTIO_SERVICE']);
  expect(readFileSync(file, 'utf8')).toContain('ISTIO_AGENT_FLAGS=--a,b');
  expect(readFileSync(file, 'utf8')).not.toMatch(/^ISTIO_SERVICE=/m);
  const bad = await runCli([...words, '--set', 'A=x\ny', '--set', 'b=1', '--ports', 'many']);
  expect(bad.exitCode).toBe(2);
  for (const part of ['--set', '--ports']) expect(bad.stderr).toContain(part);
  const cut = await runCli([...words, '--set', 'RECONCILE']);
  expect([cut.exitCode, cut.stderr]).toEqual([2, expect.stringContaining('"RECONCILE" is not KEY=value')]);
});

test('a directory without the binaries is no package', async () => {
  const at = site();
  const empty = exampleImage();
  cpSync(join(at.root, 'etc'), join(empty, 'etc'), { recursive: true });
  const words = at.words.map((word) => (word === examplePackage ? empty : word));
  const { exitCode, stderr } = await runCli(['setup-vm', ...words]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('explain package-binaries-missing');
});

test.each([
  ['untested-so', /no risk "untested-so"; did you mean untested-os\?/],
  ['host-firewal,nonsense', /did you mean host-firewall\?[^]*no risk "nonsense"; the risks are apparmor, /],
])('the unknown risk %s is refused, with the nearest names', async (name, words) => {
  const { exitCode, stderr } = await runCli(['up', 'a', '--accept-risk', name]);
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(words)]);
});

test('one file cannot hold the plans of several VMs', async () => {
  const { exitCode, stderr } = await runCli(['up', 'a', 'b', '--dry-run', '--out', 'plan.json']);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--out: a file holds the plan of one VM')]);
});

test('configure refuses a machine that was never joined', async () => {
  const root = exampleImage();
  const before = folderState(root);
  const { exitCode, stderr } = await runCli(['configure', 'istio-vm', '--root', root, '--ports', '3306', '--dry-run']);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('explain not-of-the-mesh')]);
  expect(folderState(root)).toEqual(before);
});

test('where every VM failed, no other is said to be done', () => {
  const failed = ['a: no way in', 'b: no way in'];
  expect(cliProblems.someVmsFailed({ failed, total: 2 }).message).toBe('2 of 2 VMs failed.');
  expect(cliProblems.someVmsFailed({ failed, total: 3 }).message).toContain('2 of 3 VMs failed; the others are done');
});

test('a classic image with services and without an address is asked for it', async () => {
  const root = exampleImage();
  writeFileSync(join(root, 'usr/sbin/dnsmasq'), '#!/bin/sh\n', { mode: 0o755 });
  const words = ['setup-vm', 'db', '--manifests', exampleCluster('classic'), '--root', root, '-n', 'vm'];
  const { exitCode, stderr } = await runCli([...words, '--service', 'mysqldb:3306', '--dry-run']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('--vm-address ADDRESS');
  expect(stderr).toContain('meshx explain vm-address-needed');
});

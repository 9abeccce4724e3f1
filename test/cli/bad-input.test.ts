import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const cluster = exampleCluster('current');
const HOSTILE = ['a;b', 'a\nb', '$(x)', 'x'.repeat(300), 'MySQL', '../etc', '-', "'", 'a b', ''];

/** Runs it and sees that it failed as a user's mistake: a Problem, nothing on stdout, nothing written, no stack. */
async function refused(words: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const cwd = temporaryFolder();
  const before = [folderState(cluster), folderState(cwd)];
  const { exitCode, stdout, stderr } = await runCli(words, { cwd, env });
  expect([1, 2]).toContain(exitCode);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^ {4}at |this is a bug/m);
  expect([folderState(cluster), folderState(cwd)]).toEqual(before);
  return stderr;
}

test.each(HOSTILE)('a hostile name %j is refused wherever a name is taken', async (name) => {
  const tail = ['--manifests', cluster];
  await refused(['register', name, '10.0.0.1', '80', ...tail]);
  await refused(['register', 'web', '10.0.0.1', `${name}:80`, ...tail]);
  if (name === '') return;
  await refused(['register', 'web', '10.0.0.1', '80', `--namespace=${name}`, ...tail]);
  await refused(['register', 'web', '10.0.0.1', '80', `--service-account=${name}`, ...tail]);
  await refused(['generate-cluster-env', `--workload-group=${name}`, ...tail]);
  await refused(['generate-cluster-env', '--workload-group', 'g', `--service=${name}:80`, ...tail]);
  await refused(['generate-dnsmasq', `--istio-namespace=${name}`, ...tail]);
});

test.each([
  ['no CIDR', ['generate-cluster-env', '--service-cidr', '10.63.240.0']],
  ['a CIDR with bits below its prefix', ['generate-cluster-env', '--service-cidr', '10.63.240.1/20']],
  ['an impossible port', ['register', 'web', '10.0.0.1', '70000']],
  ['port 0', ['register', 'web', '10.0.0.1', '0']],
  ['a port of UDP', ['register', 'web', '10.0.0.1', 'udp:53']],
  ['a loopback address', ['register', 'web', '127.0.0.1', '80']],
  ['half an address', ['register', 'web', '10.0.0', '80']],
  ['a label without a valid key', ['register', 'web', '10.0.0.1', '80', '-l', 'a b=c']],
  ['a weight that is no number', ['register', 'web', '10.0.0.1', '80', '--weight', 'heavy']],
  ['an unknown format', ['register', 'web', '10.0.0.1', '80', '-o', 'xml']],
  ['an unknown provider', ['expose', 'apply', '--provider', 'moon']],
  ['two ways at once', ['expose', 'apply', '--provider', 'gcp', '--node-port']],
  ['a sha256 without a package', ['setup-vm', 'vm', '--sha256', 'a'.repeat(64)]],
  ['a directory for several VMs', ['up', 'a', 'b', '--root', '/tmp/x']],
  ['a check of nothing', ['up', 'a', '--probe', 'mysql']],
])('%s is one Problem before anything is read or changed', async (_what, words) => {
  expect(await refused([...words, '--manifests', cluster])).toContain('meshx explain ');
});

test('all issues of one command line come at once', async () => {
  const stderr = await refused(['register', 'My_SQL', '10.0.0', '70000', '--weight', 'x', '--manifests', cluster]);
  for (const part of ['<name>', '<ip>', '<port>', '--weight']) expect(stderr).toContain(`- ${part}`);
});

test('a control character of the input never reaches the terminal', async () => {
  const stderr = await refused(['register', 'a\u001b[31mred', '10.0.0.1', '80', '--manifests', cluster]);
  expect(stderr).not.toContain('\u001b');
});

test('a folder that is not there', async () => {
  expect(await refused(['generate-dnsmasq', '--manifests', '/nonexistent/folder'])).toContain('/nonexistent/folder');
});

test('a folder without Istio', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'ns.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: default\n');
  expect(await refused(['generate-dnsmasq', '--manifests', folder])).toContain('explain istio-not-found');
});

test('a truncated manifest names the file', async () => {
  const folder = exampleCluster('current');
  const file = join(folder, 'istiod.yaml');
  truncateSync(file, readFileSync(file, 'utf8').indexOf('clusterIP') + 14);
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n  ports: [`);
  expect(await refused(['generate-dnsmasq', '--manifests', folder])).toContain('istiod.yaml');
});

test('a manifest of 300 MB is refused without reading it', async () => {
  const folder = exampleCluster('current');
  const file = join(folder, 'huge.yaml');
  writeFileSync(file, '');
  truncateSync(file, 300 * 1024 * 1024);
  expect(await refused(['generate-dnsmasq', '--manifests', folder])).toContain('huge.yaml');
});

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: one
contexts: [{ name: one, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: 'http://127.0.0.1:1' } }]
users: [{ name: u, user: {} }]
`;

test('an unknown context names the known ones', async () => {
  const file = join(temporaryFolder(), 'config');
  writeFileSync(file, KUBECONFIG);
  const unknown = await refused(['generate-dnsmasq', '--kubeconfig', file, '--context', 'two']);
  expect(unknown).toContain('explain context-unknown');
  expect(unknown).toContain('it knows: one');
});

test('no kubeconfig at all', async () => {
  expect(await refused(['generate-dnsmasq'])).toContain('explain kubeconfig-missing');
});

test('a pending load balancer names its Service', async () => {
  const folder = exampleCluster('classic');
  const file = join(folder, 'mesh-expansion.yaml');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('    ingress:\n      - ip: 10.150.0.8\n', '    ingress: []\n'),
  );
  const stderr = await refused(['generate-dnsmasq', '--manifests', folder]);
  expect(stderr).toContain('explain load-balancer-pending');
  expect(stderr).toContain('mixer-ilb');
});

test.each([
  ['the root of this machine', '/'],
  ['a directory that is not there', '/nonexistent/root'],
])('an image directory that is %s', async (_what, root) => {
  const stderr = await refused(['setup-vm', 'vm', '--root', root, '--manifests', cluster, '--workload-group', 'g']);
  expect(stderr).toContain('explain root-directory-invalid');
});

test('an unknown VM says where it was looked for', async () => {
  const stderr = await refused(['configure', 'no-such-vm.invalid', '--ports', '3306']);
  expect(stderr).toContain('DNS');
});

test('a Problem for a program is JSON on stdout', async () => {
  const { exitCode, stdout } = await runCli(['generate-dnsmasq', '--manifests', '/nonexistent', '-o', 'json']);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    problem: { id: expect.any(String), hint: expect.any(String) },
  });
});

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { expectGolden } from '../support/golden.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const classic = exampleCluster('classic');
const current = exampleCluster('current');
const GROUP = ['--workload-group', 'mysqldb', '-n', 'vm', '--service', 'mysqldb:3306'];

test('cluster.env of a classic cluster is exactly one line, in the working directory', async () => {
  const cwd = temporaryFolder();
  const { exitCode, stdout } = await runCli(['generate-cluster-env', '--manifests', classic], { cwd });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  expect(readdirSync(cwd)).toEqual(['cluster.env']);
  expect(readFileSync(join(cwd, 'cluster.env'), 'utf8')).toBe('ISTIO_SERVICE_CIDR=10.63.240.0/20\n');
});

test('it says where the file belongs, which command installs it, and where the range came from', async () => {
  const { stderr } = await runCli(['generate-cluster-env', '--manifests', classic]);
  expect(stderr.replaceAll(classic, 'FOLDER')).toBe(
    [
      'manifests FOLDER, namespace default',
      'service range from ServiceCIDR objects of FOLDER',
      'cluster.env was generated; on each VM it belongs to /var/lib/istio/envoy/cluster.env',
      '  sudo install -D -o root -m 0644 cluster.env /var/lib/istio/envoy/cluster.env',
      '',
    ].join('\n'),
  );
});

test('a later classic release gets its three lines', async () => {
  const { stdout } = await runCli(['generate-cluster-env', '--manifests', classic, '--release', '0.4', '--print']);
  expect(stdout).toBe(
    'ISTIO_SERVICE_CIDR=10.63.240.0/20\nISTIO_SYSTEM_NAMESPACE=istio-system\nCONTROL_PLANE_AUTH_POLICY=MUTUAL_TLS\n',
  );
});

test('a current cluster gets four files for a group, byte for byte', async () => {
  const cwd = temporaryFolder();
  const { exitCode } = await runCli(['generate-cluster-env', '--manifests', current, ...GROUP, '--out', 'files'], {
    cwd,
  });
  expect(exitCode).toBe(0);
  expect(readdirSync(join(cwd, 'files')).sort()).toEqual(['cluster.env', 'hosts', 'mesh.yaml', 'root-cert.pem']);
  for (const name of ['cluster.env', 'hosts', 'mesh.yaml']) {
    expectGolden(`cli/generate-cluster-env-current/${name}`, readFileSync(join(cwd, 'files', name), 'utf8'));
  }
});

test('a second run writes nothing', async () => {
  const cwd = temporaryFolder();
  const words = ['generate-cluster-env', '--manifests', current, ...GROUP];
  await runCli(words, { cwd });
  const before = folderState(cwd);
  const { exitCode, stderr } = await runCli(words, { cwd });
  expect({ exitCode, after: folderState(cwd) }).toEqual({ exitCode: 0, after: before });
  expect(stderr).toContain('cluster.env is up to date');
});

test('-o - and --print give the file on stdout and write nothing', async () => {
  const cwd = temporaryFolder();
  const dash = await runCli(['generate-cluster-env', '--manifests', classic, '-o', '-'], { cwd });
  const print = await runCli(['generate-cluster-env', '--manifests', classic, '--print'], { cwd });
  expect(dash.stdout).toBe('ISTIO_SERVICE_CIDR=10.63.240.0/20\n');
  expect(print.stdout).toBe(dash.stdout);
  expect(readdirSync(cwd)).toEqual([]);
});

test('JSON is one document with a version', async () => {
  const { stdout } = await runCli(['generate-cluster-env', '--manifests', classic, '-o', 'json']);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    files: [{ name: 'cluster.env', place: '/var/lib/istio/envoy/cluster.env' }],
  });
});

test('a current cluster without a group is a Problem that says what to add', async () => {
  const { exitCode, stdout, stderr } = await runCli(['generate-cluster-env', '--manifests', current]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain('meshx explain workload-group-needed');
});

test('a folder of manifests issues no token, and no file is left half made', async () => {
  const cwd = temporaryFolder();
  const { exitCode } = await runCli(['generate-cluster-env', '--manifests', current, ...GROUP, '--token'], { cwd });
  expect(exitCode).toBe(1);
  expect(readdirSync(cwd)).toEqual([]);
});

test('a file that cannot be written is a Problem, and what was there stays', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'out'), 'a file');
  const { exitCode, stderr } = await runCli(['generate-cluster-env', '--manifests', classic, '--out', 'out'], { cwd });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('explain file-not-written');
  expect(readFileSync(join(cwd, 'out'), 'utf8')).toBe('a file');
});

test('the namespace comes from the flag, then MESHX_NAMESPACE, then SERVICE_NAMESPACE', async () => {
  const words = ['generate-cluster-env', '--manifests', current, '--workload-group', 'g', '--print'];
  const env = { SERVICE_NAMESPACE: 'third', MESHX_NAMESPACE: 'second' };
  const namespaceOf = async (more: readonly string[], variables: Record<string, string>): Promise<string | undefined> =>
    /ISTIO_NAMESPACE='(\w+)'/.exec((await runCli([...words, ...more], { env: variables })).stdout)?.[1];
  expect(await namespaceOf(['-n', 'first'], env)).toBe('first');
  expect(await namespaceOf([], env)).toBe('second');
  expect(await namespaceOf([], { SERVICE_NAMESPACE: 'third' })).toBe('third');
  expect(await namespaceOf([], {})).toBe('default');
});

test('variables of the old scripts that meshx would not follow are refused by name', async () => {
  const env = { CONTROL_PLANE_AUTH_POLICY: 'NONE', ISTIO_CP: 'gcloud compute scp' };
  const { exitCode, stderr } = await runCli(['generate-cluster-env', '--manifests', classic], { env });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('CONTROL_PLANE_AUTH_POLICY');
  expect(stderr).toContain('ISTIO_CP is set');
});

test('a folder that stands for the cluster is named as such, on stderr', async () => {
  const { stderr } = await runCli(['generate-cluster-env', '--manifests', classic, '--print']);
  expect(stderr).toContain(`manifests ${classic}, namespace default`);
});

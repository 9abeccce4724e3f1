import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  aClassicCluster,
  aCurrentCluster,
  anEastWestGateway,
  aNamespace,
  selfSigned,
} from '../support/cluster-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'vm', name: 'mysqldb' } };

function currentServer(): Promise<FakeApiServer> {
  const cluster = aCurrentCluster({ rootCert: selfSigned().cert });
  return FakeApiServer.start({ objects: [...cluster, anEastWestGateway(), aNamespace('vm'), account] });
}

const mutating = (server: FakeApiServer): readonly string[] =>
  server.requests
    .filter(({ method, query }) => method !== 'GET' && query['dryRun'] === undefined)
    .map(({ method, path }) => `${method} ${path}`);

test('a live cluster is named by its context', async () => {
  await using server = await FakeApiServer.start({ objects: aClassicCluster() });
  const words = ['generate-dnsmasq', '--kubeconfig', server.kubeconfig(), '--print'];
  const { exitCode, stderr, stdout } = await runCli([...words, '--context', 'lab']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'context lab, namespace default\n' });
  expect(stdout.split('\n')).toHaveLength(8);
});

test('--context works beside another current context, and the kubeconfig stays as it is', async () => {
  await using server = await FakeApiServer.start({ objects: aClassicCluster() });
  const file = server.kubeconfig();
  const elsewhere = readFileSync(file, 'utf8').replace('current-context: lab', 'current-context: elsewhere');
  writeFileSync(file, elsewhere);
  const { exitCode, stderr } = await runCli(['generate-dnsmasq', '--print', '--kubeconfig', file, '--context', 'lab']);
  expect({ exitCode, first: stderr.split('\n')[0] }).toEqual({
    exitCode: 0,
    first: 'context lab, namespace default',
  });
  expect(readFileSync(file, 'utf8')).toBe(elsewhere);
});

test('the token is a file that only its owner reads, asked for with the audience of istiod and ten minutes', async () => {
  await using server = await currentServer();
  const cwd = temporaryFolder();
  const words = [
    'generate-cluster-env',
    '--workload-group',
    'mysqldb',
    '-n',
    'vm',
    '--token',
    '--out',
    'files',
    '--istiod-address',
    '10.150.0.30',
  ];
  const { exitCode, stdout, stderr } = await runCli([...words, '--kubeconfig', server.kubeconfig()], { cwd });
  expect({ exitCode, problem: /problems\.md#\S+/.exec(stderr)?.[0] }).toEqual({ exitCode: 0, problem: undefined });
  const file = join(cwd, 'files/istio-token');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const token = readFileSync(file, 'utf8');
  expect(token.length).toBeGreaterThan(10);
  expect(stdout + stderr).not.toContain(token);
  const asked = server.requests.find(({ path }) => path.endsWith('/serviceaccounts/mysqldb/token'));
  expect(asked?.body).toMatchObject({ spec: { audiences: ['istio-ca'], expirationSeconds: 600 } });
});

test('a second register asks the API server to change nothing', async () => {
  await using server = await currentServer();
  const words = ['register', 'mysqldb', '10.150.0.5', '3306', '-n', 'vm', '--kubeconfig', server.kubeconfig()];
  expect((await runCli(words)).exitCode).toBe(0);
  const first = mutating(server);
  expect(first).toHaveLength(2);
  const second = await runCli(words);
  expect(second.exitCode).toBe(0);
  expect(second.stdout).toContain('up to date, no changes');
  expect(mutating(server)).toEqual(first);
});

test('expose delete wants a yes, and deletes only what meshx made', async () => {
  await using server = await FakeApiServer.start({ objects: aCurrentCluster({ rootCert: selfSigned().cert }) });
  const end = ['--kubeconfig', server.kubeconfig()];
  expect((await runCli(['expose', 'apply', '--provider', 'gcp', ...end])).exitCode).toBe(0);
  const refused = await runCli(['expose', 'delete', ...end]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('explain needs-confirmation');
  const made = mutating(server).length;
  const deleted = await runCli(['expose', 'delete', '--yes', ...end]);
  expect(deleted.exitCode).toBe(0);
  expect(
    mutating(server)
      .slice(made)
      .every((line) => line.startsWith('DELETE ')),
  ).toBe(true);
  expect((await runCli(['expose', 'delete', ...end])).stdout).toContain('up to date, no changes');
});

import { readdirSync } from 'node:fs';
import { exampleCluster } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { healthyMesh } from '../support/healthy-mesh.ts';
import { runCli } from '../support/run-cli.ts';

const REGISTER = ['register', 'mysqldb', '10.150.0.5', '3306', '-n', 'vm', '--create-namespace'];

test.each(['classic', 'current'] as const)(
  'register on a %s cluster prints the facts and the objects',
  async (generation) => {
    const folder = exampleCluster(generation);
    const { exitCode, stdout, stderr } = await runCli([...REGISTER, '--manifests', folder]);
    expect({ exitCode, stderr: stderr.split('\n')[0] }).toEqual({
      exitCode: 0,
      stderr: `manifests ${folder}, namespace vm`,
    });
    expect(stdout.split('\n')[0]).toBe("Registering for service 'mysqldb' ip '10.150.0.5', ports list [{3306 mysql}]");
    expectGolden(`cli/register-${generation}/stdout.txt`, stdout);
  },
);

test.each(['classic', 'current'] as const)(
  'a second register on a %s cluster writes nothing and says so',
  async (generation) => {
    const folder = exampleCluster(generation);
    await runCli([...REGISTER, '--manifests', folder]);
    const before = folderState(folder);
    const { exitCode, stdout } = await runCli([...REGISTER, '--manifests', folder, '--dry-run', '--exit-code']);
    const again = await runCli([...REGISTER, '--manifests', folder]);
    expect({ exitCode, again: again.exitCode }).toEqual({ exitCode: 0, again: 0 });
    expect(stdout).toContain('up to date, no changes');
    expect(folderState(folder)).toEqual(before);
  },
);

test('a dry run writes nothing, prints what would be, and answers 3 when asked to', async () => {
  const folder = exampleCluster('current');
  const before = folderState(folder);
  const { exitCode, stdout } = await runCli([...REGISTER, '--manifests', folder, '--dry-run', '--exit-code']);
  expect(exitCode).toBe(3);
  expect(stdout).toContain('+ create Service vm/mysqldb');
  expect(folderState(folder)).toEqual(before);
});

test('a changed port is updated', async () => {
  const folder = exampleCluster('current');
  await runCli([...REGISTER, '--manifests', folder]);
  const { stdout } = await runCli(['register', 'mysqldb', '10.150.0.5', '3307', '-n', 'vm', '--manifests', folder]);
  expect(stdout).toMatch(/\+ change Service vm\/mysqldb/);
});

test.each(['classic', 'current'] as const)(
  'deregister on a %s cluster takes everything away that register made',
  async (generation) => {
    const folder = exampleCluster(generation);
    await runCli(['register', 'mysqldb', '10.150.0.5', '3306', '-n', 'default', '--manifests', folder]);
    const words = ['deregister', 'mysqldb', '10.150.0.5', '-n', 'default', '--manifests', folder];
    const before = folderState(folder);
    const unasked = await runCli(words);
    expect([unasked.exitCode, unasked.stderr]).toEqual([1, expect.stringContaining('explain needs-confirmation')]);
    expect(unasked.stderr).toContain('default/mysqldb');
    expect(folderState(folder)).toEqual(before);
    expect((await runCli([...words, '--yes'])).exitCode).toBe(0);
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('mysqldb'));
    expect(left).toEqual([]);
  },
);

test('an address that is not registered is a Problem', async () => {
  const folder = exampleCluster('classic');
  await runCli(['register', 'mysqldb', '10.150.0.5', '3306', '-n', 'default', '--manifests', folder]);
  const { exitCode, stderr } = await runCli([
    'deregister',
    'mysqldb',
    '10.150.0.99',
    '-n',
    'default',
    '--manifests',
    folder,
  ]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('could not find ip 10.150.0.99 in svc mysqldb endpoints');
});

test('several ports, labels, annotations and an account in one call; the account is default otherwise', async () => {
  const folder = exampleCluster('current');
  const words = [
    'register',
    'web',
    '10.150.0.6',
    '80',
    'http-admin:8081',
    'tcp-mysql=3306',
    '-n',
    'default',
    '-l',
    'tier=front,zone=a',
    '-a',
    'note=x',
    '--weight',
    '5',
    '--dry-run',
    '-o',
    'json',
  ];
  const { stdout } = await runCli([...words, '--manifests', folder]);
  const document: unknown = JSON.parse(stdout);
  expect(document).toMatchObject({ version: 1, applied: false });
  const text = JSON.stringify(document);
  for (const part of [
    '"serviceAccount":"default"',
    '"tier":"front"',
    '"note":"x"',
    '"weight":5',
    '"http-admin"',
    '"tcp-mysql"',
  ]) {
    expect(text).toContain(part);
  }
  const other = await runCli([...words, '-s', 'front', '--manifests', folder]);
  expect(other.stdout).toContain('"serviceAccount": "front"');
});

test('expose status shows both namespaces in one table', async () => {
  const { exitCode, stdout } = await runCli(['expose', 'status', '--manifests', exampleCluster('classic')], {
    now: () => new Date('2026-01-01T00:00:00Z'),
  });
  expect(exitCode).toBe(0);
  expectGolden('cli/expose-status/stdout.txt', stdout);
});

const GONE = {
  change: 'WorkloadEntry vm/web1-10.0.0.6',
  to: "metadata: { annotations: { istio.io/disconnectedAt: '2026-11-30T10:00:00Z' } }",
};

test.each([
  ['a VM whose sidecar is connected', '10.0.0.6', [], undefined],
  ['a VM whose sidecar has gone', '10.0.0.6', [GONE], 'istiod has no connection to the sidecar of 10.0.0.6 since'],
  ['a machine that is no VM', '10.0.0.99', [], 'no sidecar has registered 10.0.0.99 in namespace vm'],
])('registering %s says so', async (_, address, edits, note) => {
  await using api = await FakeApiServer.start({ objects: healthyMesh(...edits) });
  const words = ['register', 'extra', address, 'http:8081', '-n', 'vm', '--dry-run'];
  const { exitCode, stderr } = await runCli([...words, '--kubeconfig', api.kubeconfig()]);
  expect(exitCode).toBe(0);
  const notes = stderr.split('\n').filter((line) => line.includes('meshx verify vm'));
  expect(notes).toEqual(note === undefined ? [] : [expect.stringContaining(`note: ${note}`)]);
});

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { exampleImage, examplePackage } from '../support/examples.ts';
import { caseFolder } from '../support/cases.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const cluster = caseFolder('01-group-not-read/in');
const generate = (...words: readonly string[]) =>
  runCli(['generate-cluster-env', '--manifests', cluster, '--workload-group', 'reviews', '-n', 'bookinfo', ...words]);

interface Files {
  readonly env: string;
  readonly mesh: { readonly defaultConfig: Readonly<Record<string, unknown>> };
}

async function filesOf(...words: readonly string[]): Promise<Files> {
  const { stdout } = await generate(...words, '-o', 'json');
  const { files } = JSON.parse(stdout) as { files: readonly { name: string; text: string }[] };
  const text = (name: string): string => files.find((file) => file.name === name)?.text ?? '';
  return { env: text('cluster.env'), mesh: parse(text('mesh.yaml')) as Files['mesh'] };
}

test('account, network, ports, labels, probe and annotations come from the WorkloadGroup that exists', async () => {
  const { env, mesh } = await filesOf();
  expect(env.split('\n')).toEqual(
    expect.arrayContaining([
      "SERVICE_ACCOUNT='reviews-sa'",
      "ISTIO_META_NETWORK='net-1'",
      "ISTIO_INBOUND_PORTS='3550,8080'",
      "ISTIO_META_IDLE_TIMEOUT='0s'",
    ]),
  );
  const labels: unknown = JSON.parse(/ISTIO_METAJSON_LABELS='(.*)'/.exec(env)?.[1] ?? '{}');
  expect(labels).toEqual({
    'app.kubernetes.io/name': 'reviews',
    'app.kubernetes.io/version': '1.3.4',
    tier: 'back',
    'service.istio.io/canonical-name': 'reviews',
    'service.istio.io/canonical-revision': '1.3.4',
  });
  expect(mesh.defaultConfig).toMatchObject({
    holdApplicationUntilProxyStarts: true,
    readinessProbe: { initialDelaySeconds: 5, httpGet: { path: '/healthz', port: 8080, scheme: 'HTTPS' } },
  });
});

test.each([
  [['-s', 'other'], '--service-account other: the group has reviews-sa'],
  [['--network', 'net-2'], '--network net-2: the group has net-1'],
  [['--locality', 'us/b'], '--locality us/b: the group has eu/a'],
  [['--weight', '9'], '--weight 9: the group has 3'],
  [['--labels', 'tier=front'], '--labels tier=front: the group has tier=back'],
  [['--labels', 'more=1'], '--labels more=1: the group has none'],
  [['--service', 'reviews:http:9090'], '--service reviews:http:9090: the group has 3550, 8080'],
  [['--service', 'reviews:http:8080', '--probe', 'tcp'], '--probe: the group has another probe'],
])('an option that contradicts the group is named: %j', async (words, issue) => {
  const { exitCode, stderr, stdout } = await generate(...words, '--print');
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain('workload-group-contradicts');
  expect(stderr).toContain(issue);
});

test('options that repeat what the group says change nothing', async () => {
  const same = [
    '-s',
    'reviews-sa',
    '--network',
    'net-1',
    '--labels',
    'tier=back',
    '--locality',
    'eu/a',
    '--weight',
    '3',
  ];
  expect((await filesOf(...same)).env).toBe((await filesOf()).env);
});

test('up and setup-vm refuse options that contradict a group of another owner', async () => {
  const words = [
    '--workload-group',
    'reviews',
    '-n',
    'bookinfo',
    '--service',
    'reviews:http:8080',
    '--network',
    'net-2',
  ];
  for (const verb of ['up', 'setup-vm']) {
    const place = ['--manifests', cluster, '--root', exampleImage(), '--package', examplePackage, '--dry-run'];
    const { exitCode, stderr } = await runCli([verb, 'reviews', ...place, ...words]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('--network net-2: the group has net-1')]);
  }
});

test.each(['VM_Network', 'Net', 'a..b', 'x-'])(
  'a network of the group that makes a bad entry name is refused before anything is planned: %s',
  async (network) => {
    const folder = temporaryFolder();
    cpSync(caseFolder('29-network-of-group/src'), folder, { recursive: true });
    const group = parse(caseFolder.text('29-network-of-group/src/wg.yaml')) as { spec: { template: object } };
    const spec = { ...group.spec, template: { ...group.spec.template, network } };
    writeFileSync(join(folder, 'wg.yaml'), stringify({ ...group, spec }));
    const up = ['up', 'reviews', '--manifests', folder, '--root', exampleImage(), '--package', examplePackage];
    const words = [...up, '-n', 'bookinfo', '-s', 'reviews-sa', '--service', 'reviews:http:8080', '--dry-run'];
    const { exitCode, stderr, stdout } = await runCli(words);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('is not a name that istiod can give')]);
    expect(stdout).not.toContain('create');
    const generated = ['generate-cluster-env', '--manifests', folder, '--workload-group', 'reviews', '-n', 'bookinfo'];
    expect((await runCli([...generated, '--print'])).stderr).toContain('bad-name');
  },
);

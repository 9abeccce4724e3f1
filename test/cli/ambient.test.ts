import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

const edit = (folder: string, file: string, change: (text: string) => string): void =>
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));

/** Each sign alone says that some clients come through ztunnel. */
const SIGNS: Readonly<Record<string, (folder: string) => void>> = {
  'istiod serves ambient clients': (folder) =>
    edit(folder, 'istiod.yaml', (text) =>
      text.replace(/^( *)image: .*$/m, '$&\n$1env: [{name: PILOT_ENABLE_AMBIENT, value: "true"}]'),
    ),
  'the mesh config turns HBONE on': (folder) =>
    edit(folder, 'istio-configmaps.yaml', (text) =>
      text.replace('      meshId:', "      proxyMetadata: {ISTIO_META_ENABLE_HBONE: 'true'}\n      meshId:"),
    ),
  'ztunnel is installed': (folder) =>
    write(folder, 'ztunnel.yaml', 'apps/v1', 'DaemonSet', { name: 'ztunnel', namespace: 'istio-system' }),
  'a namespace is labelled for ambient': (folder) =>
    write(folder, 'shop.yaml', 'v1', 'Namespace', { name: 'shop', labels: { 'istio.io/dataplane-mode': 'ambient' } }),
};

function write(folder: string, file: string, apiVersion: string, kind: string, metadata: object, spec?: object): void {
  writeFileSync(join(folder, file), stringify({ apiVersion, kind, metadata, ...(spec && { spec }) }));
}

const up = (folder: string) =>
  runCli([
    ...['up', 'db', '--manifests', folder, '--root', exampleImage(), '--package', examplePackage],
    ...['-n', 'vm', '--service', 'mysqldb:3306'],
  ]);
const labelsIn = (folder: string): unknown => {
  const group = parse(readFileSync(join(folder, 'meshx/vm/workloadgroup-db.yaml'), 'utf8')) as {
    spec: { metadata: { labels: unknown } };
  };
  return group.spec.metadata.labels;
};
const TUNNEL = { 'networking.istio.io/tunnel': 'http' };

test.each(Object.entries(SIGNS))('ambient clients are told to use HBONE where %s', async (_, sign) => {
  const folder = exampleCluster('current');
  sign(folder);
  const ran = await up(folder);
  expect([ran.exitCode, ran.stderr]).toEqual([0, expect.anything()]);
  expect(labelsIn(folder)).toMatchObject(TUNNEL);
  const again = await up(folder);
  expect(again.stdout + again.stderr).not.toContain('change WorkloadGroup');
  const words = ['generate-cluster-env', '--manifests', folder, '--workload-group', 'db', '-n', 'vm', '--print'];
  const { stdout } = await runCli(words);
  expect(stdout).toContain("ISTIO_META_ENABLE_HBONE='true'");
  expect(stdout).toContain('"networking.istio.io/tunnel":"http"');
});

test('a mesh of sidecars only gets neither the label nor an HBONE listener', async () => {
  const folder = exampleCluster('current');
  expect((await up(folder)).exitCode).toBe(0);
  expect(labelsIn(folder)).not.toHaveProperty('networking.istio.io/tunnel');
  const words = ['generate-cluster-env', '--manifests', folder, '--workload-group', 'db', '-n', 'vm', '--print'];
  expect((await runCli(words)).stdout).not.toContain('HBONE');
});

/** A VM that was joined before: its entry is istiod's, and carries what the group said then. */
function joined(managedBy: object): string {
  const folder = exampleCluster('current');
  SIGNS['ztunnel is installed']?.(folder);
  const place = { namespace: 'vm', labels: managedBy };
  const labels = { app: 'db', ...('app.kubernetes.io/managed-by' in managedBy ? { 'meshx.dev/vm': 'db' } : {}) };
  mkdirSync(join(folder, 'meshx/vm'), { recursive: true });
  const own = (file: string, kind: string, metadata: object, spec: object): void => {
    write(folder, `meshx/vm/${file}`, 'networking.istio.io/v1', kind, { ...place, ...metadata }, spec);
    edit(
      folder,
      `meshx/vm/${file}`,
      (text) => `# Written by meshx. Changes made by hand are lost at the next run.\n${text}`,
    );
  };
  own(
    'workloadgroup-db.yaml',
    'WorkloadGroup',
    { name: 'db' },
    { metadata: { labels }, template: { serviceAccount: 'db' } },
  );
  const annotations = { 'istio.io/autoRegistrationGroup': 'db' };
  const metadata = { name: 'db-10.150.0.5', labels, annotations };
  own('workloadentry-db-10.150.0.5.yaml', 'WorkloadEntry', metadata, {
    address: '10.150.0.5',
    labels,
    serviceAccount: 'db',
  });
  return folder;
}

const entryOf = (folder: string): unknown =>
  parse(readFileSync(join(folder, 'meshx/vm/workloadentry-db-10.150.0.5.yaml'), 'utf8'));

test('an entry that exists already gets the label, from register as from up', async () => {
  for (const verb of ['up', 'register'] as const) {
    const folder = joined({ 'app.kubernetes.io/managed-by': 'meshx' });
    const register = ['register', 'mysqldb', '10.150.0.5', 'mysql:3306', '-n', 'vm', '--manifests', folder];
    const ran = verb === 'up' ? await up(folder) : await runCli(register);
    expect([verb, ran.exitCode, ran.exitCode === 0 ? '' : ran.stderr]).toEqual([verb, 0, '']);
    expect(entryOf(folder)).toMatchObject({ metadata: { labels: TUNNEL } });
  }
});

test('a fixed entry of a machine without a sidecar is not said to speak HBONE', async () => {
  const folder = exampleCluster('current');
  SIGNS['ztunnel is installed']?.(folder);
  const words = [
    'register',
    'legacy',
    '10.150.0.70',
    'http:8000',
    '-n',
    'vm',
    '--create-namespace',
    '--manifests',
    folder,
  ];
  expect((await runCli(words)).exitCode).toBe(0);
  const text = readFileSync(join(folder, 'meshx/vm/workloadentry-legacy-at-10.150.0.70.yaml'), 'utf8');
  expect(text).not.toContain('networking.istio.io/tunnel');
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

const TUNNEL = { 'networking.istio.io/tunnel': 'http' };
const ZTUNNEL = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'ztunnel', namespace: 'istio-system' } };
const SHOP = { name: 'shop', labels: { 'istio.io/dataplane-mode': 'ambient' } };

const edit = (folder: string, file: string, change: (text: string) => string): void =>
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));

function write(folder: string, file: string, object: object): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  const first = '# Written by meshx. Changes made by hand are lost at the next run.';
  writeFileSync(join(folder, file), `${first}\n${stringify(object)}`);
}

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
  'ztunnel is installed': (folder) => write(folder, 'ztunnel.yaml', ZTUNNEL),
  'a namespace is labelled for ambient': (folder) =>
    write(folder, 'shop.yaml', { apiVersion: 'v1', kind: 'Namespace', metadata: SHOP }),
};

const generate = async (folder: string): Promise<string> => {
  const words = ['--workload-group', 'db', '-n', 'vm', '--service', 'mysqldb:3306', '--print'];
  return (await runCli(['generate-cluster-env', '--manifests', folder, ...words])).stdout;
};

test.each(Object.entries(SIGNS))('the files of a VM turn HBONE on where %s', async (_, sign) => {
  const folder = exampleCluster('current');
  sign(folder);
  const files = await generate(folder);
  expect(files).toContain("ISTIO_META_ENABLE_HBONE='true'");
  expect(files).toContain('"networking.istio.io/tunnel":"http"');
});

test('a mesh of sidecars only gets neither the label nor an HBONE listener', async () => {
  expect(await generate(exampleCluster('current'))).not.toMatch(/HBONE|networking.istio.io\/tunnel/);
});

const GROUP = 'meshx/vm/workloadgroup-db.yaml';
const ENTRY = 'meshx/vm/workloadentry-db-10.150.0.5.yaml';

/** A VM that was joined before: its entry is istiod's, and carries what the group said then. */
function joined(): string {
  const folder = exampleCluster('current');
  write(folder, 'ztunnel.yaml', ZTUNNEL);
  const apiVersion = 'networking.istio.io/v1';
  const place = { namespace: 'vm', labels: { 'app.kubernetes.io/managed-by': 'meshx' } };
  const labels = { app: 'db', 'meshx.dev/vm': 'db' };
  const spec = { metadata: { labels }, template: { serviceAccount: 'db' } };
  write(folder, GROUP, { apiVersion, kind: 'WorkloadGroup', metadata: { ...place, name: 'db' }, spec });
  const annotations = { 'istio.io/autoRegistrationGroup': 'db' };
  const metadata = { ...place, name: 'db-10.150.0.5', labels, annotations };
  const entry = { address: '10.150.0.5', labels, serviceAccount: 'db' };
  write(folder, ENTRY, { apiVersion, kind: 'WorkloadEntry', metadata, spec: entry });
  return folder;
}

const read = (folder: string, file: string): unknown => parse(readFileSync(join(folder, file), 'utf8'));

test.each([
  ['up', 'db', '--root', exampleImage(), '--package', examplePackage, '--service', 'mysqldb:3306'],
  ['register', 'mysqldb', '10.150.0.5', 'mysql:3306'],
])(
  '%s labels the group and the entry that exists for ambient clients, and a second run changes nothing',
  async (...words) => {
    const folder = joined();
    const run = () => runCli([...words, '-n', 'vm', '--manifests', folder]);
    const { exitCode, stderr } = await run();
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    expect(read(folder, GROUP)).toMatchObject({ spec: { metadata: { labels: TUNNEL } } });
    expect(read(folder, ENTRY)).toMatchObject({ metadata: { labels: TUNNEL } });
    const { stdout } = await run();
    expect(stdout).not.toMatch(/change WorkloadGroup|label WorkloadEntry/);
  },
);

test('a fixed entry of a machine without a sidecar is not said to speak HBONE', async () => {
  const folder = exampleCluster('current');
  write(folder, 'ztunnel.yaml', ZTUNNEL);
  const words = ['register', 'legacy', '10.150.0.70', 'http:8000', '-n', 'vm', '--create-namespace'];
  expect((await runCli([...words, '--manifests', folder])).exitCode).toBe(0);
  expect(JSON.stringify(read(folder, 'meshx/vm/workloadentry-legacy-at-10.150.0.70.yaml'))).not.toContain('tunnel');
});

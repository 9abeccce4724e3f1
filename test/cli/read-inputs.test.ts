import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const CASES = new URL('../cases/', import.meta.url).pathname;
const DATABASE = ['-n', 'vm', '--service', 'mysqldb:3306'];

/** A copy under a fixed name, because the output has paths. */
function caseFolder(path: string): string {
  const folder = join(temporaryFolder(), 'in');
  cpSync(join(CASES, path), folder, { recursive: true });
  return folder;
}

test('merge keys mean what they mean to kubectl: a plan is the same as with the fields written out', async () => {
  const [merged, written] = await Promise.all(
    ['merged', 'written-out'].map(async (name) => {
      const target = ['db', '--manifests', caseFolder(`05-yaml-merge-keys/${name}`), '--root', exampleImage()];
      return runCli(['up', ...target, '--package', examplePackage, ...DATABASE, '--dry-run']);
    }),
  );
  expect(merged?.stderr).toContain('meshx explain outside-client-hangs');
  expect(written?.stderr).toContain('meshx explain outside-client-hangs');
});

test('words and numbers of YAML 1.1 in a mesh config are those that istiod reads', async () => {
  const cwd = temporaryFolder();
  const folder = caseFolder('07-yaml11-booleans/in');
  await runCli(['generate-cluster-env', '--manifests', folder, '--workload-group', 'db', ...DATABASE], { cwd });
  const text = readFileSync(join(cwd, 'mesh.yaml'), 'utf8');
  expect(text).toContain('holdApplicationUntilProxyStarts: true\n');
  expect(text).toContain('sampling: 100\n');
  for (const line of ['NUM: "1000"', 'HEX: "31"', 'OCTAL: "83"', 'EXP: "1000"', 'OCT: "0123"'])
    expect(text).toContain(`${line}\n`);
});

const files = readdirSync(exampleCluster('current')).filter((name) => name.endsWith('.yaml'));

test.each(files)('%s in UTF-16 is read like UTF-8', async (name) => {
  const folder = exampleCluster('current');
  const words = ['generate-cluster-env', '--manifests', folder, '--workload-group', 'db', ...DATABASE, '--print'];
  const before = await runCli(words);
  const text = readFileSync(join(folder, name), 'utf8');
  writeFileSync(join(folder, name), Buffer.from(`\ufeff${text}`, 'utf16le'));
  expect(await runCli(words)).toEqual(before);
  writeFileSync(join(folder, name), Buffer.from(text, 'utf16le'));
  const { exitCode, stderr } = await runCli(words);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`${name}:1: it holds NUL bytes`);
});

test.each([
  ['a text', 'version https://git-lfs.github.com/spec/v1\n', 'it is not a Kubernetes object'],
  ['a list', '[{"apiVersion":"v1"}]', 'it is not a Kubernetes object'],
  ['an object without a kind', 'apiVersion: v1\nmetadata: {name: a}\n', 'it has no kind'],
  ['an object without a version', 'kind: Service\nmetadata: {name: a}\n', 'it has no apiVersion'],
  [
    'a name that YAML reads as a number',
    'apiVersion: v1\nkind: Service\nmetadata: {name: 12}\n',
    'metadata.name of a Service is 12, not text: quote it',
  ],
  ['an empty item of a List', 'apiVersion: v1\nkind: List\nitems: [null]\n', 'an item of its List is not an object'],
])('a file that is lost is named: %s', async (_, text, reason) => {
  const folder = exampleCluster('current');
  writeFileSync(join(folder, 'lost.yaml'), text);
  const { exitCode, stderr } = await runCli(['expose', 'status', '--manifests', folder]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`lost.yaml:1: ${reason}`);
});

test.each(['just words', '[1, 2]'])('a mesh config that is %j is refused, not taken for an empty one', async (mesh) => {
  const folder = exampleCluster('current');
  const file = join(folder, 'istio-configmaps.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/mesh: \|\n(?: {4}.*\n)+/, `mesh: ${JSON.stringify(mesh)}\n`));
  const { exitCode, stderr } = await runCli([
    'generate-cluster-env',
    '--manifests',
    folder,
    '--workload-group',
    'db',
    ...DATABASE,
  ]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('key mesh, cannot be used: it is not a mapping');
});

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expectGolden } from '../support/golden.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const CASES = new URL('../golden/lint/', import.meta.url).pathname;

async function lint(name: string, ...words: readonly string[]) {
  const found = await runCli(['lint', `${name}.yaml`, ...words], { cwd: CASES });
  const stdout = found.stdout
    .replace(/\(\d+\.\d s\)$/m, '(0.0 s)')
    .replace(/("?ms"?: )\d+/, '$10')
    .replace(/time="\d+\.\d+"/, 'time="0.000"');
  return { ...found, stdout };
}

async function lintText(text: string, ...words: readonly string[]) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'all.yaml'), text);
  return await runCli(['lint', 'all.yaml', '-o', 'short', ...words], { cwd: folder });
}

test.each(['text', 'short', 'json', 'yaml', 'sarif', 'junit'])(
  'faults of files as %s have their file and line',
  async (format) => {
    const { exitCode, stdout } = await lint('faulty', '-o', format);
    expect(exitCode).toBe(4);
    expectGolden(`lint/faulty.${format}.txt`, stdout);
  },
);

test('the sample of pods and a VM has no finding', async () => {
  const { exitCode, stdout } = await lint('healthy');
  expect(exitCode).toBe(0);
  expectGolden('lint/healthy.text.txt', stdout);
  expect((await lint('healthy', '-o', 'short')).stdout).toBe('');
});

const port = (name: string, more = ''): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: ${name}, port: 9080${more}}]}\n`;

test.each([
  ['http', ''],
  ['http2-web', ''],
  ['grpc', ''],
  ['grpc-web', ''],
  ['mongo', ''],
  ['redis', ''],
  ['https', ''],
  ['tls', ''],
  ['tcp-x', ''],
  ['mysql', ''],
  ['web', ', appProtocol: http'],
])('a port named %s%s has a protocol', async (name, more) => {
  expect(await lintText(port(name, more))).toMatchObject({ exitCode: 0, stdout: '' });
});

test.each(['web', 'httpx', 'x-http', '""'])('a port named %s has none, which is a warning', async (name) => {
  const { exitCode, stdout } = await lintText(port(name));
  expect(exitCode).toBe(0);
  expect(stdout).toContain('warning port-protocol: port 9080');
});

test('a database that is declared as HTTP is an error', async () => {
  const { exitCode, stdout } = await lintText(port('http-mysql'));
  expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: expect.stringContaining('error port-server-first') });
});

test('the namespace of objects without one is that of -n', async () => {
  const text = `${port('web')}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: vm}\n`;
  expect((await lintText(text, '-n', 'vm')).stdout).toContain('Service vm/a');
  expect((await lintText(text)).stdout).toContain('Service default/a');
});

test('documents come from stdin, too', async () => {
  const { run } = await import('../../src/cli/run.ts');
  let out = '';
  const outlet = {
    out: (text: string) => void (out += text),
    err: () => undefined,
    env: {},
    cwd: '/',
    home: '/',
    now: () => new Date(),
    signal: new AbortController().signal,
    version: '0',
    color: false,
    readStdin: () => Promise.resolve(port('http-mysql')),
  };
  expect(await run(['lint', '-', '-o', 'short'], outlet)).toBe(4);
  expect(out).toContain('Edit stdin:1');
});

test.each<readonly [string, string, string]>([
  ['broken YAML', 'a: [\n', 'manifest-readable: all.yaml:'],
  ['a list', '- 1\n', 'it is not a Kubernetes object'],
  ['control characters', 'a: \u0007\n', 'it holds control characters'],
  ['a name that is a number', 'apiVersion: v1\nkind: Service\nmetadata: {name: 1}\n', 'not text: quote it'],
  ['deep nesting', `a: ${'['.repeat(20_000)}`, 'it is nested too deeply'],
])('%s is a finding, and no crash', async (_what, text, reason) => {
  const { exitCode, stdout } = await lintText(text);
  expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: expect.stringContaining(reason) });
});

test('fields of other types than Kubernetes has are read as missing', async () => {
  const kinds = [
    'Service',
    'Deployment',
    'VirtualService',
    'DestinationRule',
    'WorkloadEntry',
    'AuthorizationPolicy',
    'Pod',
    'ServiceEntry',
  ];
  const specs = [
    'null',
    '1',
    '[]',
    '{ports: 1, selector: [], template: x, hosts: {}, http: [1, null, {route: 3}]}',
    '{ports: [null, 1, {port: x}], subsets: [4]}',
  ];
  const documents = kinds.flatMap((kind) =>
    specs.map(
      (spec, index) => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: n${index}, labels: 3}\nspec: ${spec}\n`,
    ),
  );
  const { exitCode } = await lintText(documents.join('---\n'));
  expect([0, 4]).toContain(exitCode);
});

test('hostile text of a file reaches no terminal', async () => {
  const { stdout } = await lintText(port('"\\e[31mred"'));
  expect(stdout).not.toContain('\u001b');
});

test('a folder stands for the manifests below it, at any depth, and a file that cannot be read hides no other', async () => {
  const cwd = temporaryFolder();
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  };
  const fault = (name: string): string => port('http-mysql').replace('name: a', `name: ${name}`);
  write('prod/a.yaml', fault('a'));
  write('prod/deep/er/b.yml', fault('b'));
  write('prod/deep/c.json', JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 7 } }));
  write('prod/broken.yaml', 'a: [\n');
  writeFileSync(join(cwd, 'prod/latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9]));
  write('prod/notes.txt', fault('none'));
  write('prod/.hidden/d.yaml', fault('hidden'));
  symlinkSync('nowhere.yaml', join(cwd, 'prod/lost.yaml'));
  symlinkSync('..', join(cwd, 'prod/loop'));
  const { exitCode, stdout } = await runCli(['lint', 'prod', './prod/a.yaml', 'none.yaml', '-o', 'short'], { cwd });
  expect(exitCode).toBe(4);
  const lines = stdout.trimEnd().split('\n');
  const has = (text: string): number => lines.filter((line) => line.includes(text)).length;
  expect([has('Edit prod/a.yaml:1'), has('Edit prod/deep/er/b.yml:1')]).toEqual([1, 1]);
  expect([has('prod/deep/c.json:1: '), has('prod/broken.yaml:'), has('prod/latin.yaml: ')]).toEqual([1, 1, 1]);
  expect([has('prod/lost.yaml: there is no such file'), has('none.yaml: there is no such file')]).toEqual([1, 1]);
  expect(lines).toHaveLength(7);
});

test('a folder without manifests is a finding, and no file at all is a wrong command line', async () => {
  const { exitCode, stdout } = await runCli(['lint', '.', '-o', 'short'], { cwd: temporaryFolder() });
  expect([exitCode, stdout]).toEqual([4, expect.stringContaining('.: no file below it ends in .yaml, .yml or .json')]);
  expect((await runCli(['lint'])).exitCode).toBe(2);
});

test('the example of the documentation is free of errors', async () => {
  const text = readFileSync(new URL('../../examples/classic-cluster/bookinfo.yaml', import.meta.url), 'utf8');
  expect((await lintText(text)).exitCode).toBe(0);
});

test('two Services that give one port of a pod different protocols are an error', async () => {
  const service = (name: string, portName: string): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: a}, ports: [{name: ${portName}, port: 80}]}\n---\n`;
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {app: a, version: v1}}\nspec: {containers: []}\n';
  const { exitCode, stdout } = await lintText(service('a', 'http') + service('b', 'tcp') + pod);
  expect(exitCode).toBe(4);
  expect(stdout).toContain(
    'workload-services: port 80 of Pod default/a is HTTP by Service default/a, plain TCP by Service default/b',
  );
  expect((await lintText(service('a', 'http') + service('b', 'http-b') + pod)).stdout).toBe('');
});

test('the command that shows all findings names the files as a shell reads them, and keeps the options', async () => {
  const folder = temporaryFolder();
  const all = Array.from({ length: 11 }, (_, index) => port('web').replace('name: a', `name: a${index}`));
  writeFileSync(join(folder, 'a; reboot.yaml'), all.join('---\n'));
  const { stdout } = await runCli(['lint', 'a; reboot.yaml', '-n', 'shop'], { cwd: folder });
  expect(stdout).toContain("and 1 more, shown by: meshx lint 'a; reboot.yaml' -n shop --output short");
});

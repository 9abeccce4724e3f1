import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commands } from '../../src/cli/commands.ts';
import { isOfProjects, SETTING_KEYS, settingsOf } from '../../src/cli/settings/keys.ts';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { GROUP_BIT } from '../support/group-bit.ts';
import { expectGolden } from '../support/golden.ts';
import { playedVm } from '../support/played-vm.ts';
import { type CliOptions, runCli, temporaryFolder } from '../support/run-cli.ts';

const USER = '.config/meshx/config.yaml';
const PROJECT = 'projects/shop/meshx.yaml';

/** A home with files, and a working directory in a project. */
function aHome(files: Readonly<Record<string, string>>, cwd = 'projects/shop/vms') {
  const home = temporaryFolder();
  mkdirSync(join(home, cwd), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text, { mode: 0o644 });
  }
  return { home, cwd: join(home, cwd) };
}

type Home = ReturnType<typeof aHome>;

async function run(at: Home, words: readonly string[], options: CliOptions = {}) {
  const { exitCode, stdout, stderr } = await runCli(words, { ...at, ...options });
  const plain = (text: string): string => text.replaceAll(at.home, 'HOME');
  return { exitCode, stdout: plain(stdout), stderr: plain(stderr) };
}

/** The settings that are shown, by name. */
async function viewed(at: Home, words: readonly string[] = [], options: CliOptions = {}) {
  const { stdout, stderr, exitCode } = await run(
    at,
    ['config', 'view', ...words, '--files-only', '-o', 'json'],
    options,
  );
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const { settings } = JSON.parse(stdout) as {
    settings: readonly { name: string; value: unknown; source: { kind: string; where: string } }[];
  };
  return Object.fromEntries(settings.map(({ name, value, source }) => [name, [value, source.kind, source.where]]));
}

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: prod, context: {cluster: a, user: a, namespace: shop}}
- {name: test, context: {cluster: a, user: a}}
`;

test('config view shows each value with its source', async () => {
  const at = aHome({
    [USER]: 'istio-namespace: mesh\nservice-account: ops\nhosts:\n  "db-*":\n    user: admin\n    port: 2222\n',
    [PROJECT]: 'namespace: shop\nservice: [web:http:8080]\n',
  });
  const words = ['config', 'view', 'db-1', '--files-only', '--network', 'vms'];
  const { exitCode, stdout, stderr } = await run(at, words, { env: { MESHX_WEIGHT: '3', SERVICE_ACCOUNT: 'old' } });
  expect(exitCode).toBe(0);
  expectGolden('cli/config-view/stdout.txt', stdout);
  expectGolden('cli/config-view/stderr.txt', stderr);
});

test('a flag wins over a variable, that over the project, and that over the user', async () => {
  const at = aHome({ [USER]: 'namespace: user\n', [PROJECT]: 'namespace: project\n' });
  const env = { MESHX_NAMESPACE: 'variable' };
  expect((await viewed(at, ['-n', 'flag'], { env }))['namespace']).toEqual(['flag', 'flag', '--namespace']);
  expect((await viewed(at, [], { env }))['namespace']).toEqual(['variable', 'variable', 'MESHX_NAMESPACE']);
  expect((await viewed(at))['namespace']).toEqual(['project', 'project', `HOME/${PROJECT}:1:1`]);
  const user = aHome({ [USER]: 'namespace: user\n' });
  expect((await viewed(user))['namespace']).toEqual(['user', 'user', `HOME/${USER}:1:1`]);
});

test('within a file a host wins over a namespace, that over a context, and that over the rest', async () => {
  const text = `weight: 1
network: rest
locality: rest
labels: [a=rest]
contexts: {prod: {network: context, locality: context, labels: [a=context]}}
namespaces: {shop: {locality: namespace, labels: [a=namespace]}}
hosts: {"db-* !db-9": {labels: [a=host]}, "*": {labels: [a=any]}}
`;
  const at = aHome({ [USER]: text, '.kube/config': KUBECONFIG });
  const values = async (...words: readonly string[]) =>
    Object.fromEntries(Object.entries(await viewed(at, words)).map(([name, [value]]) => [name, value]));
  expect(await values('admin@db-1')).toEqual({
    ...{ weight: '1', network: 'context', locality: 'namespace', labels: ['a=host'] },
  });
  expect(await values('db-9')).toMatchObject({ labels: ['a=any'] });
  expect(await values()).toMatchObject({ labels: ['a=namespace'] });
  expect(await values('-n', 'other')).toMatchObject({ locality: 'context', labels: ['a=context'] });
  expect(await values('--context', 'test')).toMatchObject({ network: 'rest', labels: ['a=rest'] });
});

test('settings do what their options do, and a run names those of the project', async () => {
  const at = aHome({
    [USER]: `package: ${examplePackage}\n`,
    [PROJECT]: 'namespace: shop\nservice: [web:http:8080]\ncapture-dns: false\n',
  });
  const words = ['setup-vm', 'db', '--root', exampleImage(), '--manifests', exampleCluster('current'), '--dry-run'];
  const { exitCode, stdout, stderr } = await run(at, words);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stderr).toContain(`HOME/${PROJECT} sets --namespace shop --service web:http:8080 --no-capture-dns`);
  expect(stdout).toContain('create Service shop/web');
  const forced = await run(at, [...words, '-n', 'other', '--service', 'api:http:80']);
  expect(forced.stdout).toContain('create Service other/api');
  expect(forced.stdout).not.toContain('Service other/web');
});

test('an invalid value is named by its place in the file', async () => {
  const at = aHome({ [PROJECT]: 'locality: here\nservice: [web]\nworkload-group: "../x"\nweight: many\n' });
  const { exitCode, stderr } = await run(at, ['up', 'db', '--manifests', exampleCluster('current')]);
  expect(exitCode).toBe(2);
  for (const place of ['2:1: service', '3:1: workload-group', '4:1: weight'])
    expect(stderr).toContain(`HOME/${PROJECT}:${place}: `);
});

test.each([
  ['an unknown key', 'namspace: a\n', '1:1: namspace: unknown field; did you mean namespace?'],
  [
    'an unknown key of a host',
    'hosts:\n  db:\n    servce: [a:1]\n',
    '3:5: hosts.db.servce: unknown field; did you mean service?',
  ],
  ['a risk', 'namespace: a\naccept-risk: [apparmor]\n', '2:1: accept-risk: unknown field'],
  ['a confirmation', 'yes: true\n', '1:1: '],
  ['a new host key', 'accept-new-host-key: true\n', '1:1: accept-new-host-key: unknown field'],
  ['a key twice', 'namespace: a\nnamespace: b\n', '2:1: the same key as before'],
  ['a number in place of a list of texts', 'service: {a: 1}\n', '1:1: service: a text, or a list of texts'],
  ['text for a switch', 'agent: perhaps\n', '1:1: agent: true or false'],
  ['a control character', 'namespace: "a\\e[2J"\n', '1:1: namespace: too long, or it has control characters'],
  [
    'a context within a namespace',
    'namespaces: {a: {context: b}}\n',
    '1:18: namespaces.a.context: it cannot be set for a namespace',
  ],
  ['no mapping', '- a\n', '1:1: '],
])('%s is refused with line and column', async (_what, text, issue) => {
  const { exitCode, stderr } = await run(aHome({ [USER]: text }), ['up', 'db']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`HOME/${USER}:${issue}`);
  expect(stderr).toContain('settings-invalid');
});

const NOT_OF_PROJECTS = SETTING_KEYS.filter((key) => !isOfProjects(key)).map(({ key }) => key);

test('a project chooses no file, no program, no login, no control plane and no exception from capture', async () => {
  const dangerous = ['kubeconfig', 'package', 'agent-executable', 'ssh-config', 'known-hosts', 'identity-file', 'user'];
  const unsafe = ['host-key-fingerprint', 'istio-namespace', 'istiod-address', 'exclude-ports', 'service-cidr', 'port'];
  expect(NOT_OF_PROJECTS).toEqual(expect.arrayContaining([...dangerous, ...unsafe]));
  const values = NOT_OF_PROJECTS.map((key) => `${key}: x`);
  const { exitCode, stderr } = await run(aHome({ [PROJECT]: `${values.join('\n')}\n` }), ['up', 'db']);
  expect(exitCode).toBe(2);
  for (const [line, key] of NOT_OF_PROJECTS.entries())
    expect(stderr).toContain(`HOME/${PROJECT}:${line + 1}:1: ${key}: a project's file cannot set it`);
});

test('no file takes a decision about one run', () => {
  const all = SETTING_KEYS.map(({ key }) => key);
  const decisions = [
    'accept-risk',
    'accept-new-host-key',
    'yes',
    'restart',
    'force',
    'dry-run',
    'forget',
    'root',
    'out',
  ];
  expect(decisions.filter((key) => all.includes(key))).toEqual([]);
  expect(new Set(all).size).toBe(all.length);
});

test('every setting is an option of a command, and a command takes only its own in their common meaning', () => {
  const taken = new Set(commands.flatMap((spec) => settingsOf(spec)));
  expect(SETTING_KEYS.filter((key) => !taken.has(key))).toEqual([]);
  const of = (name: string) => settingsOf(commands.find((spec) => spec.name === name)!).map(({ key }) => key);
  expect(of('down')).not.toContain('workload-group');
  expect(of('dashboard')).not.toContain('port');
  expect(of('configure')).not.toContain('service');
  expect(of('explain')).toEqual([]);
});

test('a project ends at a folder with .git or at home', async () => {
  const at = aHome({ 'meshx.yaml': 'namespace: home\n', 'projects/meshx.yaml': 'namespace: outer\n' });
  expect((await viewed(at))['namespace']?.[0]).toBe('outer');
  mkdirSync(join(at.home, 'projects/shop/.git'));
  expect((await viewed(at))['namespace']).toBeUndefined();
  expect((await viewed({ ...at, cwd: at.home }))['namespace']?.[0]).toBe('home');
  const above = aHome({ 'meshx.yaml': 'namespace: above\n' }, 'home/projects');
  expect((await viewed({ ...above, home: join(above.home, 'home') }))['namespace']).toBeUndefined();
});

test('XDG_CONFIG_HOME names the folder of the user, if it is absolute', async () => {
  const at = aHome({ 'xdg/meshx/config.yaml': 'namespace: xdg\n', [USER]: 'namespace: home\n' });
  expect((await viewed(at, [], { env: { XDG_CONFIG_HOME: join(at.home, 'xdg') } }))['namespace']?.[0]).toBe('xdg');
  expect((await viewed(at, [], { env: { XDG_CONFIG_HOME: 'xdg' } }))['namespace']?.[0]).toBe('home');
});

test.each([
  [USER, 0o644 | (GROUP_BIT || 0o002)],
  [PROJECT, 0o646],
])('%s that others can change is not read', async (file, mode) => {
  const at = aHome({ [file]: 'namespace: a\n' });
  chmodSync(join(at.home, file), mode);
  const { exitCode, stderr } = await run(at, ['up', 'db']);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2 });
  expect(stderr).toContain(`HOME/${file} is not read: other users can change it`);
});

test('a folder or a pipe of that name is refused without being opened', async () => {
  const at = aHome({});
  mkdirSync(join(at.home, PROJECT));
  expect((await run(at, ['up', 'db'])).stderr).toContain('it is not a regular file');
});

test.each([USER, PROJECT])('%s that cannot be read is refused, and not taken for a missing one', async (file) => {
  const at = aHome({ [`${file}.target`]: '' });
  symlinkSync(join(at.home, file), join(at.home, file));
  const { exitCode, stderr } = await run(at, ['up', 'db']);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2 });
  expect(stderr).toContain(`HOME/${file} is not read: ELOOP`);
});

test('VMs of one run that would get different settings are refused, unless the options decide', async () => {
  const at = aHome({ [USER]: 'hosts: {db-1: {network: one}, "*": {network: other}}\n' });
  const { exitCode, stderr } = await run(at, ['up', 'db-1', 'db-2', '--manifests', exampleCluster('current')]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('db-1, db-2 would get different values of network');
  expect((await viewed(at, ['db-2']))['network']?.[0]).toBe('other');
});

test('an option wins over a setting that excludes it, from whatever source', async () => {
  const at = aHome({ [USER]: 'package: /mine.deb\nupgrade: false\nagent: false\n' });
  const shown = await viewed(at, ['--package-source', 'none', '--agent-executable', '/bin/true']);
  expect(Object.keys(shown)).toEqual(expect.arrayContaining(['package-source', 'agent-executable']));
  expect(Object.keys(shown)).not.toContain('package');
  expect(Object.keys(shown)).not.toContain('agent');
  expect(Object.keys(await viewed(at))).toEqual(expect.arrayContaining(['package', 'agent']));
  expect(Object.keys(await viewed(at, [], { env: { MESHX_PACKAGE_SOURCE: 'none' } }))).not.toContain('package');

  const other = aHome({ [USER]: 'package-source: none\nupgrade: true\n' });
  const joining = ['setup-vm', 'db', '--root', exampleImage(), '--manifests', exampleCluster('current'), '-n', 'vm'];
  const { exitCode, stderr } = await run(other, [...joining, '--package', examplePackage, '--dry-run']);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('contradicts') });
});

test('a command without settings reads no file', async () => {
  const at = aHome({ [USER]: '{' });
  expect((await run(at, ['explain', 'wrong-usage'])).exitCode).toBe(0);
});

test('what a VM remembers of its join is shown, after all other sources', async () => {
  const vm = playedVm();
  const record = {
    ...{ format: 1, generation: 'current', namespace: 'vm', group: 'db', serviceAccount: 'db', address: '10.0.0.5' },
    options: { excludePorts: ['9100'], captureDns: false, revision: 'old' },
  };
  const folder = join(vm.home, 'vm/var/lib/meshx');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'membership'), JSON.stringify(record));
  writeFileSync(join(vm.home, 'meshx.yaml'), 'revision: new\n');
  const server = await vm.serve();
  const words = ['--user', 'me', '--port', String(server.port), '--accept-new-host-key', '-i', '.ssh/id_ed25519'];
  const { exitCode, stdout, stderr } = await runCli(
    ['config', 'view', '127.0.0.1', ...words, '--ssh-config', 'config', '-o', 'json'],
    { home: vm.home, env: {} },
  );
  await server.close();
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const { settings } = JSON.parse(stdout) as { settings: readonly { name: string }[] };
  const remembered = { kind: 'vm', where: '127.0.0.1' };
  expect(settings).toEqual(
    expect.arrayContaining([
      { name: 'namespace', value: 'vm', source: remembered },
      { name: 'workload-group', value: 'db', source: remembered },
      { name: 'exclude-ports', value: ['9100'], source: remembered },
      { name: 'capture-dns', value: false, source: remembered },
      { name: 'revision', value: 'new', source: { kind: 'project', where: expect.stringContaining('meshx.yaml:1:1') } },
    ]),
  );
});

test("a project's file with tens of thousands of mistakes does not hold up the command", async () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n');
  const { exitCode, stderr } = await run(aHome({ [PROJECT]: text }), ['config', 'view', '--files-only']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('HOME/projects/shop/meshx.yaml:100:1: k99: unknown field');
  expect(stderr).toContain('19900 more issues');
});

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { RootDirectoryHost } from '../../src/host/root-directory.ts';
import { directorySha256 } from '../../src/reconcile/directory-stream.ts';
import { summaries } from '../../src/reconcile/plan.ts';
import type { Resource } from '../../src/reconcile/resource.ts';
import { fileSha256 } from '../../src/reconcile/sha256.ts';
import { debOf } from '../support/deb.ts';
import { planFor, reconcile, temporaryFolder } from '../reconcile/shim-machine.ts';

function world() {
  const outside = temporaryFolder();
  const root = join(outside, 'image');
  for (const each of ['etc', 'usr/local/bin', 'var/lib']) mkdirSync(join(root, each), { recursive: true });
  const image = new RootDirectoryHost({ directory: root });
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const owners = () => readFileSync(`${root}.owners`, 'utf8').trim().split('\n');
  return { outside, root, image, read, owners };
}

const file = (path: string, content = 'x\n', owner = 'istio-proxy:istio-proxy') =>
  ({ kind: 'file', path, content, owner, mode: '0640' }) as const;

test('owners go into the manifest beside the tree, one line for each path', async () => {
  const { image, owners } = world();
  const wants = [file('/etc/a.b'), file('/etc/a'), file('/etc/with space', 'x\n', 'root')];
  await reconcile(image, ...wants);
  const expected = [
    'istio-proxy:istio-proxy 0640 /etc/a',
    'istio-proxy:istio-proxy 0640 /etc/a.b',
    'root 0640 /etc/with space',
  ];
  expect(owners().filter((line) => !line.includes('/var/lib/meshx'))).toEqual(expected);
  expect(summaries(await planFor(image, ...wants))).toEqual([]);
});

test('links of the tree are followed inside it: an absolute one never leads out', async () => {
  const { image, root, outside, read } = world();
  mkdirSync(join(root, 'srv'));
  symlinkSync('/srv', join(root, 'etc/istio'));
  symlinkSync('../../../../srv', join(root, 'etc/certs'));
  symlinkSync(outside, join(root, 'etc/outside'));
  const before = readdirSync(outside).sort();
  const wants: readonly Resource[] = [
    file('/etc/istio/a'),
    file('/etc/certs/b'),
    { kind: 'directory', path: '/etc/istio/proxy', owner: 'root', mode: '0755' },
    { kind: 'line', path: '/etc/outside/c', line: 'c' },
  ];
  await reconcile(image, ...wants);
  expect([read('srv/a'), read('srv/b'), lstatSync(join(root, 'srv/proxy')).isDirectory()]).toEqual([
    'x\n',
    'x\n',
    true,
  ]);
  expect(readFileSync(join(root, outside, 'c'), 'utf8')).toBe('c\n');
  expect(readdirSync(outside).sort()).toEqual([...before, 'image.owners'].sort());
  expect(summaries(await planFor(image, ...wants))).toEqual([]);
});

test('a file that the tree links to outside is neither read nor written', async () => {
  const { image, root, outside, read } = world();
  const secret = join(outside, 'secret');
  writeFileSync(secret, 'of this machine\n');
  symlinkSync(secret, join(root, 'etc/hosts'));
  symlinkSync('loop', join(root, 'etc/loop'));
  await reconcile(image, { kind: 'hosts', address: '10.0.0.1', names: ['istiod'] });
  expect(readFileSync(secret, 'utf8')).toBe('of this machine\n');
  expect(read(secret)).toBe('10.0.0.1 istiod # meshx\n');
  await expect(planFor(image, { kind: 'line', path: '/etc/loop', line: 'x' })).rejects.toMatchObject({
    id: 'probe-failed',
  });
});

test('an image gets hosts, user, package, unit links and no token, nothing is started, and a second run changes nothing', async () => {
  const { image, root, read } = world();
  const directory = temporaryFolder();
  mkdirSync(join(directory, 'usr/local/bin'), { recursive: true });
  writeFileSync(join(directory, 'usr/local/bin/envoy'), 'envoy\n');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  const unitFile =
    '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target graphical.target\nAlias=mesh.service\n';
  const sha256 = await directorySha256(directory);
  const packaged = { name: 'istio-sidecar', format: 'directory', version: '1', architecture: 'amd64' } as const;
  const wants: readonly Resource[] = [
    { kind: 'user', name: 'istio-proxy', home: '/var/lib/istio' },
    {
      kind: 'package',
      ...packaged,
      sha256,
      source: { directory },
      verify: ['/usr/local/bin/envoy'],
      marker: '/var/lib/meshx/package',
    },
    { kind: 'hosts', address: '10.0.0.1', names: ['istiod.istio-system.svc'] },
    file('/etc/systemd/system/istio.service', unitFile, 'root'),
    file('/etc/systemd/system/meshx@.service', '[Install]\nWantedBy=istio.service\n', 'root'),
    {
      kind: 'token',
      path: '/etc/istio-token',
      secret: 't',
      owner: 'root',
      mode: '0600',
      certificate: '/etc/c',
      key: '/etc/k',
      identity: 'spiffe://x',
    },
    { kind: 'unit', name: 'istio.service', reads: ['/etc/hosts'] },
    { kind: 'enabled', name: 'istio.service', enabled: true },
    { kind: 'enabled', name: 'meshx@a.service', enabled: true },
  ];
  await reconcile(image, ...wants);
  expect(read('etc/sysusers.d/istio-proxy.conf')).toBe('u istio-proxy - "istio-proxy" /var/lib/istio -\n');
  expect(read('etc/hosts')).toBe('127.0.0.1 localhost\n10.0.0.1 istiod.istio-system.svc # meshx\n');
  expect(lstatSync(join(root, 'usr/local/bin/envoy')).mode & 0o777).toBe(0o755);
  const units = join(root, 'etc/systemd/system');
  expect(readdirSync(units).sort()).toEqual([
    'graphical.target.wants',
    'istio.service',
    'istio.service.wants',
    'mesh.service',
    'meshx@.service',
    'multi-user.target.wants',
  ]);
  expect(readlinkSync(join(units, 'multi-user.target.wants/istio.service'))).toBe('/etc/systemd/system/istio.service');
  expect(readlinkSync(join(units, 'istio.service.wants/meshx@a.service'))).toBe('/etc/systemd/system/meshx@.service');
  expect(readdirSync(join(root, 'etc'))).not.toContain('istio-token');
  expect(summaries(await planFor(image, ...wants))).toEqual([]);
});

test('a user that the image has already needs no file for its first boot', async () => {
  const { image, root } = world();
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nistio-proxy:x:998:998::/:/bin/false\n');
  expect(summaries(await planFor(image, { kind: 'user', name: 'istio-proxy', home: '/' }))).toEqual([]);
});

test('only named scripts of meshx are run', async () => {
  const { image } = world();
  for (const argv of [
    ['true'],
    ['sh', '-c', 'true'],
    ['sh', '-c', 'true', 'other'],
    ['bash', '-c', 'true', 'meshx-x'],
  ] as const) {
    await expect(image.run({ argv })).rejects.toMatchObject({ id: 'root-directory-runs-nothing' });
  }
  expect(await image.run({ argv: ['sh', '-c', 'echo "$MESHX_ROOT"', 'meshx-x'], asRoot: true })).toMatchObject({
    exitCode: 0,
  });
});

test.each(['/', '/does/not/exist', '/etc/passwd'])('%s cannot become an image', (directory) => {
  expect(() => new RootDirectoryHost({ directory })).toThrow(expect.objectContaining({ id: 'root-directory-invalid' }));
});

interface Entry {
  readonly name: string;
  readonly text?: string;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link';
  readonly linkname?: string;
}

async function tarOf(...entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { text, ...header } of entries) archive.entry({ ...header, mode: 0o755 }, text ?? '');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function writeDeb(file: string, ...entries: readonly Entry[]): Promise<void> {
  const text = 'Package: istio-sidecar\nVersion: 1.29.1\nArchitecture: all\n';
  const control = await tarOf({ name: './control', text });
  writeFileSync(file, debOf(['control.tar', control], ['data.tar', await tarOf(...entries)]));
}

async function packageWant(file: string, format: 'deb' | 'rpm') {
  const sha256 = await fileSha256(file);
  return {
    kind: 'package',
    ...{ name: 'istio-sidecar', format, version: '1.29.1', architecture: 'all' },
    ...{ sha256, source: { file, sha256 }, verify: ['/bin/pilot-agent'], marker: '/var/lib/meshx/package' },
  } as const;
}

test('an image gets the files of a .deb, through the links of a merged /usr', async () => {
  const { image, root, outside } = world();
  symlinkSync('usr/bin', join(root, 'bin'));
  mkdirSync(join(root, 'usr/bin'));
  const file = join(outside, 'istio-sidecar.deb');
  await writeDeb(file, { name: './bin/pilot-agent', text: 'agent\n' });
  const want = await packageWant(file, 'deb');
  await reconcile(image, want);
  expect(readFileSync(join(root, 'usr/bin/pilot-agent'), 'utf8')).toBe('agent\n');
  expect(lstatSync(join(root, 'bin')).isSymbolicLink()).toBe(true);
  expect(summaries(await planFor(image, want))).toEqual([]);
});

/** What a package may hold to get at files outside the root, given a file outside. */
const HOSTILE: readonly (readonly [string, (outside: string) => readonly Entry[]])[] = [
  ['a directory with a line break', (outside) => [{ name: `./x\n${outside}/secret`, type: 'directory' }]],
  ['a file with a line break', (outside) => [{ name: `./x\n${outside}/secret`, text: 'x' }]],
  ['a line break before a climbing name', () => [{ name: './x\n../../../../secret', text: 'x' }]],
  ['a tab', () => [{ name: './x\ty', text: 'x' }]],
  ['a hard link to an absolute name', (outside) => [{ name: './x', type: 'link', linkname: `${outside}/secret` }]],
  ['a hard link that climbs', () => [{ name: './x', type: 'link', linkname: '../../../../../../secret' }]],
  ['a link that climbs', () => [{ name: './usr/x', type: 'symlink', linkname: '../../../../../../secret' }]],
  ['a link that climbs and comes back', () => [{ name: './x', type: 'symlink', linkname: 'a/../../image/secret' }]],
  ['a link to a name with a line break', () => [{ name: './x', type: 'symlink', linkname: 'a\nb' }]],
  ['a climbing name', () => [{ name: '../../../../../../secret', text: 'x' }]],
  [
    'a file below a link of the package',
    (outside) => [
      { name: './x', type: 'symlink', linkname: outside },
      { name: './x/secret', text: 'x' },
    ],
  ],
];

test.each(HOSTILE)('a .deb with %s reaches nothing outside the image', async (_what, entries) => {
  const { image, root, outside } = world();
  const secret = join(outside, 'secret');
  writeFileSync(secret, 'of the build host\n', { mode: 0o600 });
  const file = join(outside, 'istio-sidecar.deb');
  await writeDeb(file, ...entries(outside), { name: './bin/pilot-agent', text: 'agent\n' });
  const before = readdirSync(outside).sort();
  const refused = await reconcile(image, await packageWant(file, 'deb')).catch((error: unknown) => error);
  expect(refused).toMatchObject({ id: expect.stringMatching(/^(package-unsafe|change-failed)$/) });
  expect(readFileSync(secret, 'utf8')).toBe('of the build host\n');
  expect(lstatSync(secret).nlink).toBe(1);
  expect(
    readdirSync(outside)
      .filter((name) => !name.startsWith('image.owners'))
      .sort(),
  ).toEqual(before);
  expect(existsSync(join(root, 'bin/pilot-agent'))).toBe(false);
  for (const each of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (each.isFile()) expect(readFileSync(join(each.parentPath, each.name), 'utf8')).not.toContain('build host');
  }
});

test('a link of a package to an absolute path means a path of the image', async () => {
  const { image, root, outside } = world();
  const file = join(outside, 'istio-sidecar.deb');
  const agent = { name: './bin/pilot-agent', type: 'symlink', linkname: '/usr/bin/agent' } as const;
  await writeDeb(file, agent, { name: './usr/bin/agent', text: 'agent\n' });
  await reconcile(image, await packageWant(file, 'deb'));
  expect(readlinkSync(join(root, 'bin/pilot-agent'))).toBe('/usr/bin/agent');
});

test.each([
  ['an absolute name', '/etc/x'],
  ['a climbing name', './usr/../../x'],
  ['a file below a link of the package', './link/x'],
])('an .rpm with %s is refused before it is unpacked', async (_what, name) => {
  const { image, root, outside } = world();
  const bin = join(outside, 'bin');
  mkdirSync(bin);
  const listing = `lrwxrwxrwx   1 0        0               4 Jan  1  2000 ./link -> /etc\n-rw-r--r--   1 0        0               1 Jan  1 12:00 ${name}`;
  writeFileSync(join(bin, 'rpm2cpio'), '#!/bin/sh\ncat "$1"\n', { mode: 0o755 });
  writeFileSync(
    join(bin, 'cpio'),
    `#!/bin/sh\ncase $1 in *t*) echo '${listing}' ;; *) : > "${outside}/unpacked" ;; esac\n`,
    { mode: 0o755 },
  );
  const file = join(outside, 'istio-sidecar.rpm');
  writeFileSync(file, 'x');
  const path = process.env['PATH'];
  process.env['PATH'] = `${bin}:${path}`;
  try {
    await expect(reconcile(image, await packageWant(file, 'rpm'))).rejects.toMatchObject({ id: 'package-unsafe' });
  } finally {
    process.env['PATH'] = path;
  }
  expect(existsSync(join(outside, 'unpacked'))).toBe(false);
  expect(existsSync(join(root, 'bin'))).toBe(false);
});

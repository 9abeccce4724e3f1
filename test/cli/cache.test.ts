import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster, exampleImage } from '../support/examples.ts';
import { expectGolden } from '../support/golden.ts';
import { sidecarDeb } from '../support/deb.ts';
import { ReleaseServer } from '../support/release-server.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const [OLD, NEW] = ['a'.repeat(64), 'b'.repeat(64)];
const MIB = 1024 * 1024;

/** A home whose cache has two packages, the older one unused since 2026-01-31 and also packed by zstd, and a packed program. */
function filledHome(): string {
  const home = temporaryFolder();
  const at = (folder: string, name: string) => join(home, '.cache/meshx', folder, name);
  for (const folder of ['packages', 'packed']) mkdirSync(join(home, '.cache/meshx', folder), { recursive: true });
  const from = 'https://storage.googleapis.com/istio-release/releases/1.29.1/deb/istio-sidecar.deb';
  const write = (path: string, content: Buffer | string, used: string): void => {
    writeFileSync(path, content);
    utimesSync(path, new Date(used), new Date(used));
  };
  write(at('packages', `${OLD}.deb`), Buffer.alloc(MIB), '2026-01-31T09:00:00Z');
  write(at('packages', `${OLD}.json`), JSON.stringify({ url: from, sha256: OLD }), '2026-01-31T09:00:00Z');
  write(at('packages', `${OLD}.zstd-${NEW}.deb`), Buffer.alloc(MIB / 2), '2026-01-30T09:00:00Z');
  write(at('packages', `${NEW}.rpm`), Buffer.alloc(2 * MIB), '2026-02-01T09:00:00Z');
  write(at('packages', `${NEW}.json`), '{"url": 7}', '2026-02-01T09:00:00Z');
  write(at('packed', `${NEW}.zstd`), Buffer.alloc(MIB / 2), '2026-02-01T09:00:00Z');
  return home;
}

test('the cache is listed with size, use and origin, and as a document', async () => {
  const home = filledHome();
  const { stdout, exitCode } = await runCli(['cache', 'list'], { home });
  expect(exitCode).toBe(0);
  expectGolden('cli/cache/list.txt', stdout.replaceAll(home, '/home/ada'));
  const document = JSON.parse((await runCli(['cache', 'list', '-o', 'json'], { home })).stdout) as object;
  expect(document).toMatchObject({
    ...{ version: 1, bytes: 4 * MIB, mostBytes: 1024 * MIB },
    files: [
      { name: `${NEW}.rpm`, sha256: NEW, used: '2026-02-01T09:00:00.000Z' },
      { name: `${OLD}.deb`, from: expect.stringContaining('/1.29.1/deb/') },
      { name: `${OLD}.zstd-${NEW}.deb`, sha256: OLD },
      { folder: 'packed' },
    ],
  });
  expect((await runCli(['cache', 'list'])).stdout).toMatch(/^The cache is empty: /);
});

test('prune keeps what was used last, and all of it goes with --all', async () => {
  const home = filledHome();
  expect((await runCli(['cache', 'prune'], { home })).stdout).toBe('removed 0 files, 0.0 MiB\n');
  expect((await runCli(['cache', 'prune', '--keep', '2'], { home })).stdout).toBe('removed 3 files, 1.5 MiB\n');
  const left = (await runCli(['cache', 'list'], { home })).stdout;
  expect(left).toContain(NEW.slice(0, 12));
  expect(left).not.toContain(OLD.slice(0, 12));
  expect((await runCli(['cache', 'prune', '--all'], { home })).exitCode).toBe(0);
  expect((await runCli(['cache', 'list'], { home })).stdout).toMatch(/^The cache is empty/);
  expect(await runCli(['cache', 'prune', '--all', '--keep', '1'], { home })).toMatchObject({ exitCode: 2 });
});

test('what a run used in the last hour stays, however large it is', async () => {
  const home = filledHome();
  const path = join(home, '.cache/meshx/packages', `${NEW}.rpm`);
  utimesSync(path, new Date(), new Date());
  await runCli(['cache', 'prune', '--keep', '0'], { home });
  const { stdout } = await runCli(['cache', 'list', '-o', 'json'], { home });
  expect((JSON.parse(stdout) as { files: { name: string }[] }).files.map(({ name }) => name)).toEqual([`${NEW}.rpm`]);
});

/** The example image with dpkg, and a shell for amd64. */
function debianImage(): string {
  const root = exampleImage();
  writeFileSync(join(root, 'usr/bin/dpkg'), '', { mode: 0o755 });
  const shell = Buffer.alloc(64);
  shell.write('\x7fELF', 0, 'latin1');
  shell.writeUInt16LE(0x3e, 18);
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin/sh'), shell, { mode: 0o755 });
  return root;
}

test('setup-vm gets the package of istiod by itself, once, and a second run asks nothing', async () => {
  await using server = await ReleaseServer.start();
  const programs = { './usr/local/bin/envoy': '#!/bin/sh\n', './usr/local/bin/pilot-agent': '#!/bin/sh\n' };
  const sha256 = server.publish('1.29.1/deb/istio-sidecar.deb', await sidecarDeb({}, programs));
  const root = debianImage();
  const home = temporaryFolder();
  const words = ['setup-vm', 'istio-vm', '--manifests', exampleCluster('current'), '--root', root, '-y'];
  const setup = (...more: readonly string[]) =>
    runCli([...words, '--package-source', server.url(), ...more], { home, env: { PATH: process.env['PATH'] } });
  const out = join(home, 'plan.json');
  const planned = await setup('--dry-run', '--out', out);
  expect([planned.exitCode, planned.stdout]).toEqual([0, expect.stringContaining('install: istio-sidecar 1.29.1')]);
  expect(readFileSync(out, 'utf8')).toContain(sha256);
  expect(await setup()).toMatchObject({ exitCode: 0 });
  expect(server.requests).toEqual(['GET /1.29.1/deb/istio-sidecar.deb.sha256', 'GET /1.29.1/deb/istio-sidecar.deb']);
  for (const more of [[], ['--upgrade']])
    expect(await setup('--dry-run', '--exit-code', ...more)).toMatchObject({ exitCode: 0 });
  expect(server.requests).toHaveLength(2);
});

test('a dry run says what would stop the run, and the run stops before it changes anything', async () => {
  await using server = await ReleaseServer.start();
  const root = debianImage();
  const words = ['setup-vm', 'istio-vm', '--manifests', exampleCluster('current'), '--root', root];
  const setup = (...more: readonly string[]) => runCli([...words, '--package-source', server.url(), ...more]);
  const dry = await setup('--dry-run');
  expect([dry.exitCode, dry.stdout]).toEqual([0, expect.stringContaining('There is no package of Istio 1.29.1')]);
  const { exitCode, stderr } = await setup('-y');
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('package-not-published')]);
});

test.each([
  [['--package', 'a.deb', '--package-source', 'b'], 'contradicts --package'],
  [['--package', 'a.deb', '--upgrade'], 'contradicts --package'],
  [['--package-source', 'none', '--upgrade'], 'without a source'],
  [['--package-source', 'http://mirror.example'], 'is not encrypted'],
])('%j is refused as input', async (words, said) => {
  const { exitCode, stderr } = await runCli(['up', 'vm', ...words]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(said)]);
});

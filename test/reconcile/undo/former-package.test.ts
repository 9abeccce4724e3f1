import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { directorySha256 } from '../../../src/reconcile/directory-stream.ts';
import type { PackageWant } from '../../../src/reconcile/kinds/package.ts';
import { summaries } from '../../../src/reconcile/plan.ts';
import { fileSha256, sha256 } from '../../../src/reconcile/sha256.ts';
import { formerPackage, packageBack, parseCopies } from '../../../src/reconcile/undo/former-package.ts';
import { ME, outcomes, planFor, reconcile, ShimMachine, temporaryFolder } from '../shim-machine.ts';
import { undo, watch } from './undo-machine.ts';

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
}

const planOf = (vm: ShimMachine, former: Parameters<typeof packageBack>[0]) => ({
  steps: [
    {
      ...{ id: 'package', title: 'Go back', changes: [packageBack(former)] },
      touches: { paths: [...former.verify, vm.path('var/lib/meshx/package')], packages: [former.name] },
    },
  ],
});

async function directoryWant(vm: ShimMachine, version: string): Promise<PackageWant> {
  const directory = temporaryFolder();
  write(join(directory, 'opt/agent'), `agent ${version}\n`);
  return {
    ...{ kind: 'package', name: 'sidecar', format: 'directory', version, architecture: 'all', into: vm.path() },
    ...{ sha256: await directorySha256(directory), source: { directory }, verify: [vm.path('opt/agent')] },
    marker: vm.path('var/lib/meshx/package'),
  };
}

/** A .deb as the stand-in for dpkg takes it. */
async function debWant(vm: ShimMachine, version: string, more: Record<string, string> = {}): Promise<PackageWant> {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(more)) write(join(folder, 'tree', path), text);
  write(join(folder, 'tree/opt/agent'), `agent ${version}\n`);
  const file = join(folder, 'sidecar.deb');
  execFileSync('tar', ['-cf', file, '-C', join(folder, 'tree'), '.']);
  writeFileSync(join(vm.state, 'dpkg-installs'), `sidecar ${version}\n`);
  const digest = await fileSha256(file);
  return {
    ...{ kind: 'package', name: 'sidecar', format: 'deb', version, architecture: 'all', sha256: digest },
    ...{ source: { file, sha256: digest }, verify: [vm.path('opt/agent')], marker: vm.path('var/lib/meshx/package') },
  };
}

/** A .deb that is sent in another form than the published one, whose digest names it. */
async function packedWant(vm: ShimMachine, version: string): Promise<PackageWant> {
  return { ...(await debWant(vm, version)), sha256: sha256(`published ${version}`) };
}

test.each([
  ['a directory', directoryWant],
  ['a .deb', debWant],
  ['a .deb that was packed in another way', packedWant],
])(
  '%s: the former package comes back from the machine itself, and the one after it too',
  async (_title, want) => {
    const vm = new ShimMachine();
    const marker = vm.path('var/lib/meshx/package');
    expect(await formerPackage(vm, marker)).toEqual({});
    const since = await watch(vm);
    await reconcile(vm, await want(vm, '1'));
    expect(await formerPackage(vm, marker)).toMatchObject({ current: { version: '1' } });
    const second = await want(vm, '2');
    await reconcile(vm, second);
    const { current, former } = await formerPackage(vm, marker);
    expect([current?.version, former?.version]).toEqual(['2', '1']);
    const copy = vm.path('var/lib/meshx/packages/former/package');
    expect([statSync(copy).mode & 0o777, statSync(dirname(copy)).mode & 0o777]).toEqual([0o600, 0o700]);

    for (const { problem } of await outcomes(planOf(vm, former!), vm)) expect(problem).toBeUndefined();
    expect(readFileSync(vm.path('opt/agent'), 'utf8')).toBe('agent 1\n');
    const swapped = await formerPackage(vm, marker);
    expect([swapped.current?.version, swapped.former?.version]).toEqual(['1', '2']);
    expect(summaries(await planFor(vm, second))).toEqual(['upgrade from 1: sidecar 2']);

    await undo(vm);
    expect(existsSync(vm.path('opt'))).toBe(false);
    expect(await since()).toEqual([]);
  },
  60_000,
);

test('a copy that is gone fails, and nothing is installed', async () => {
  const vm = new ShimMachine();
  await reconcile(vm, await directoryWant(vm, '1'));
  await reconcile(vm, await directoryWant(vm, '2'));
  const { former } = await formerPackage(vm, vm.path('var/lib/meshx/package'));
  rmSync(vm.path('var/lib/meshx/packages/former/package'));
  const [outcome] = await outcomes(planOf(vm, former!), vm);
  expect(outcome?.problem?.message).toContain('no copy of the former package');
  expect(readFileSync(vm.path('opt/agent'), 'utf8')).toBe('agent 2\n');
});

test('what a run delivered that died before its marker is not called the current package', () => {
  const about = (version: string) => `=s ${version} deb ${'a'.repeat(64)}\n=/\n=/var/lib/meshx/package\n=/opt/agent\n`;
  const text = `installed s 1 deb ${'a'.repeat(64)}\ncurrent\n${about('2')}former\n${about('1')}`;
  expect(parseCopies(text)).toEqual({});
  expect(parseCopies(text.replace('installed s 1', 'installed s 2'))).toMatchObject({
    current: { version: '2' },
    former: { version: '1', into: '/', verify: ['/opt/agent'] },
  });
});

test('a configuration file that existed before its package is restored when the package removed it', async () => {
  const vm = new ShimMachine();
  const path = vm.path('etc/agent.env');
  write(path, 'MINE=1\n');
  const since = await watch(vm);
  const edit = { kind: 'env', path, set: { OURS: '1' }, owner: ME, mode: '0644' } as const;
  await reconcile(vm, await debWant(vm, '1', { 'etc/agent.env': 'MINE=1\n' }), edit);
  expect(readFileSync(path, 'utf8')).toBe('MINE=1\nOURS=1\n');
  await undo(vm);
  expect(readFileSync(join(vm.state, 'dpkg.log'), 'utf8')).toContain('--purge sidecar');
  expect(await since()).toEqual([]);
});

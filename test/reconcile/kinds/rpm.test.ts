import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prelude } from '../../../src/host/run/shell.ts';
import type { PackageWant } from '../../../src/reconcile/kinds/package.ts';
import { summaries } from '../../../src/reconcile/plan.ts';
import { fileSha256 } from '../../../src/reconcile/sha256.ts';
import { shellFile } from '../../../src/text-files.ts';
import { undo } from '../undo/undo-machine.ts';
import { outcomes, planFor, reconcile, ShimMachine, temporaryFolder } from '../shim-machine.ts';

const PICTURE = shellFile(new URL('../../../src/reconcile/undo/picture.sh', import.meta.url));
const BUSY = "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)\n";
const FAILED = 'warning: %post(istio-sidecar-1.29.1-1.x86_64) scriptlet failed, exit status 127\n';

/** An "rpm" for the stand-in rpm: a tar of one program. What rpm says at first may be given. */
async function rpmWorld(says?: string) {
  const vm = new ShimMachine();
  const tree = temporaryFolder();
  mkdirSync(join(tree, 'bin'));
  writeFileSync(join(tree, 'bin/pilot-agent'), 'agent\n', { mode: 0o755 });
  const file = join(temporaryFolder(), 'istio-sidecar.rpm');
  execFileSync('tar', ['-cf', file, '-C', tree, 'bin']);
  const sha256 = await fileSha256(file);
  const want: PackageWant = {
    ...{ kind: 'package', name: 'istio-sidecar', format: 'rpm', version: '1.29.1-1', architecture: 'noarch', sha256 },
    ...{ verify: [vm.path('bin/pilot-agent')], marker: vm.path('var/lib/meshx/package'), source: { file, sha256 } },
  };
  if (says !== undefined) writeFileSync(join(vm.state, 'rpm-says'), says);
  // It does not wait for real.
  writeFileSync(join(vm.folder, 'bin/sleep'), '#!/bin/sh\n');
  chmodSync(join(vm.folder, 'bin/sleep'), 0o755);
  return { vm, want, runs: () => readFileSync(join(vm.state, 'rpm.log'), 'utf8').split('\n').length - 1 };
}

test('an .rpm is installed again when another program held the lock of rpm', async () => {
  const { vm, want, runs } = await rpmWorld(`1\n${BUSY}`);
  await reconcile(vm, want);
  expect(runs()).toBe(2);
  expect(existsSync(vm.path('bin/pilot-agent'))).toBe(true);
  expect(summaries(await planFor(vm, want))).toEqual([]);
});

test('an .rpm whose scriptlet fails is not installed, although rpm says that it is, and the next run repeats it', async () => {
  const { vm, want, runs } = await rpmWorld(`0\n${FAILED}`);
  const [outcome] = await outcomes(await planFor(vm, want), vm);
  expect(outcome?.problem?.message).toContain('%post(istio-sidecar-1.29.1-1.x86_64) scriptlet failed');
  await reconcile(vm, want);
  expect(runs()).toBe(2);
});

test('dependencies that an .rpm lacks are said as what they are, at once', async () => {
  const says = '1\nerror: Failed dependencies:\n\tiptables is needed by istio-sidecar-1.29.1-1.x86_64\n';
  const { vm, want, runs } = await rpmWorld(says);
  const [outcome] = await outcomes(await planFor(vm, want), vm);
  expect(outcome?.problem).toMatchObject({
    id: 'package-dependencies-missing',
    message: expect.stringContaining('iptables is needed by istio-sidecar'),
  });
  expect(runs()).toBe(1);
});

test('beside a dpkg that knows no package, rpm is asked, and its removal leaves only files beside the configuration that were there', async () => {
  const { vm, want } = await rpmWorld();
  writeFileSync(join(vm.state, 'rpm-packages'), '');
  const configuration = vm.path('etc/sidecar.env');
  writeFileSync(`${configuration}.rpmsave`, 'of an earlier package\n');
  await reconcile(vm, want);
  expect(vm.journal()).toContain('package istio-sidecar absent');
  writeFileSync(join(vm.state, 'rpm-configuration'), `${configuration}\n`);
  for (const ending of ['', '.rpmnew']) writeFileSync(`${configuration}${ending}`, '');
  await undo(vm);
  expect(readFileSync(join(vm.state, 'rpm.log'), 'utf8')).toMatch(
    /\nrpm -e --test -- istio-sidecar\nrpm -e -- istio-sidecar\n$/,
  );
  expect(existsSync(join(vm.state, 'dpkg.log'))).toBe(false);
  expect(readdirSync(vm.path('etc'))).toEqual(['sidecar.env.rpmsave']);
});

test('a package that rpm refuses to remove keeps its configuration, and without a snapshot nothing beside it goes', async () => {
  const { vm, want } = await rpmWorld();
  writeFileSync(join(vm.state, 'rpm-packages'), '');
  await reconcile(vm, want);
  const configuration = vm.path('etc/sidecar.env');
  writeFileSync(join(vm.state, 'rpm-configuration'), `${configuration}\n`);
  for (const ending of ['', '.rpmsave']) writeFileSync(`${configuration}${ending}`, '');
  rmSync(vm.path('var/lib/meshx/undo/before.gz'), { force: true });
  writeFileSync(
    join(vm.state, 'rpm-says'),
    '1\nerror: Failed dependencies:\n\tistio-sidecar is needed by (installed) x-1\n',
  );
  await expect(undo(vm)).rejects.toThrow();
  expect(readdirSync(vm.path('etc'))).toEqual(['sidecar.env', 'sidecar.env.rpmsave']);
  await undo(vm);
  expect(readdirSync(vm.path('etc'))).toEqual(['sidecar.env.rpmsave']);
});

test('the packages in a snapshot are those of the database that the machine is made from', async () => {
  const { vm } = await rpmWorld();
  writeFileSync(join(vm.state, 'rpm-packages'), 'package\tbash.x86_64\t5.1-1\n');
  const { stdout } = await vm.run({ argv: ['sh', '-c', `${prelude()}${PICTURE.text}_picture_packages`] });
  expect(stdout).toBe('package\tbash.x86_64\t5.1-1\n');
});

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageWant } from '../../../src/reconcile/kinds/package.ts';
import { installedPackages, summaries } from '../../../src/reconcile/plan.ts';
import { lines, parseAnswers, preflightScript } from '../../../src/vm/preflight/probe.ts';
import { machinePackages } from '../../../src/vm/preflight/machine-packages.ts';
import { scriptCommand } from '../../../src/host/run/shell.ts';
import { aptRepository } from '../../support/apt-repository.ts';
import { sidecarDeb } from '../../support/deb.ts';
import { outcomes, planFor, ShimMachine } from '../shim-machine.ts';

const VERSION = '1:1.29.1-1';
const CONTROL = `Package: istio-sidecar\nVersion: ${VERSION}\nArchitecture: amd64\nMaintainer: test\nDescription: test\n`;
const before = process.env['APT_CONFIG'];
afterEach(() => {
  if (before === undefined) delete process.env['APT_CONFIG'];
  else process.env['APT_CONFIG'] = before;
});

/** A machine whose apt has one repository, with the package. Its dpkg only unpacks, as the real one needs root. */
async function world() {
  const vm = new ShimMachine();
  const agent = vm.path('usr/local/bin/pilot-agent');
  const deb = await sidecarDeb({ version: VERSION }, { './usr/local/bin/pilot-agent': 'agent' });
  const repository = aptRepository(deb, CONTROL);
  process.env['APT_CONFIG'] = repository.config;
  const bin = join(vm.folder, 'bin');
  writeFileSync(join(bin, 'dpkg'), '#!/bin/sh\nfor file; do :; done\nexec dpkg-deb -x "$file" "$TARGET"\n', {
    mode: 0o755,
  });
  const want: PackageWant = {
    ...{ kind: 'package', name: 'istio-sidecar', format: 'deb', version: VERSION, architecture: 'all' },
    ...{ sha256: repository.sha256, verify: [agent], marker: vm.path('var/lib/meshx/package') },
    source: { repository: 'apt' },
  };
  return { vm, want, agent, repository };
}

test('the preflight reads what apt offers, and only if it is asked', async () => {
  const { vm, repository } = await world();
  const answers = async (wanted?: string) =>
    parseAnswers((await vm.run(scriptCommand(preflightScript(15012, [], wanted)))).stdout) ?? {};
  expect(machinePackages(await answers('istio-sidecar')).offered).toEqual({
    ...{ version: VERSION, architecture: 'amd64', sha256: repository.sha256, bytes: expect.any(Number) },
  });
  expect(lines(await answers(), 'offered')).toEqual([]);
  expect(machinePackages(await answers('no-such-package')).offered).toBeUndefined();
});

test('apt fetches and verifies the package, which is installed as any other', async () => {
  const { vm, want, agent } = await world();
  const planned = await planFor(vm, want);
  expect(installedPackages(planned)).toEqual([`istio-sidecar ${VERSION} deb ${want.sha256}`]);
  expect((await outcomes(planned, vm)).map(({ problem }) => problem)).toEqual([undefined]);
  expect(vm.read(agent)).toBe('agent');
  expect(summaries(await planFor(vm, want))).toEqual([]);
  expect(existsSync(vm.path('var/lib/meshx/incoming'))).toBe(false);
});

test.each([
  ['is another one than the plan says', 'f'.repeat(64), VERSION, 'arrived-incomplete'],
  ['is no longer offered', undefined, '9.9', 'change-failed'],
])('a package that %s is not installed', async (_what, digest, version, id) => {
  const { vm, want, agent } = await world();
  const planned = await planFor(vm, { ...want, version, sha256: digest ?? want.sha256 });
  const [outcome] = await outcomes(planned, vm);
  expect(outcome?.problem?.id).toBe(id);
  expect(existsSync(agent)).toBe(false);
});

test('a repository whose file was changed is refused by apt', async () => {
  const { vm, want, agent, repository } = await world();
  writeFileSync(repository.file, 'evil');
  const [outcome] = await outcomes(await planFor(vm, want), vm);
  expect(outcome?.problem?.id).toBe('change-failed');
  expect(existsSync(agent)).toBe(false);
});

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ExecutableWant } from '../../../src/reconcile/kinds/executable.ts';
import { gatherFacts } from '../../../src/reconcile/facts.ts';
import { type Plan, plan, summaries } from '../../../src/reconcile/plan.ts';
import { sha256 } from '../../../src/reconcile/sha256.ts';
import { outcomes, planFor, reconcile, ShimMachine, step, temporaryFolder } from '../shim-machine.ts';

const architecture = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();

class Machine extends ShimMachine {
  readonly base = this.path('usr/local/lib/meshx/agent');
  program(want: ExecutableWant): string {
    return join(this.base, want.sha256, want.name);
  }
}

/** A program of this version, as a file of the operator. */
function programOf(
  vm: Machine,
  version: string,
  content = `#!/bin/sh\necho ${version}\n${randomBytes(300_000).toString('hex')}`,
) {
  const file = join(temporaryFolder(), 'meshx');
  writeFileSync(file, content);
  const want: ExecutableWant = {
    ...{ kind: 'executable', name: 'meshx', base: vm.base, architecture, file },
    ...{ sha256: sha256(content), bytes: Buffer.byteLength(content) },
  };
  return { want, content };
}

const ours = (want: ExecutableWant) => [
  `install ${want.base}/${want.sha256.slice(0, 12)}…/meshx`,
  expect.stringMatching(new RegExp(`^(create|replace) ${want.base}/current → ${want.sha256.slice(0, 12)}…`)),
];

test('a program is installed and used, and a second run changes nothing', async () => {
  const vm = new Machine();
  const { want, content } = programOf(vm, '1');
  expect(summaries(await planFor(vm, want))).toEqual(ours(want));
  await reconcile(vm, want);
  expect(vm.read(vm.program(want))).toBe(content);
  expect(statSync(vm.program(want)).mode & 0o777).toBe(0o755);
  expect(readlinkSync(join(vm.base, 'current'))).toBe(want.sha256);
  expect(summaries(await planFor(vm, want))).toEqual([]);
  expect(readdirSync(vm.path('var/lib/meshx'))).toEqual(['undo']);
  expect(vm.journal()).toContain(`path tree-absent ${vm.base}`);
});

test('a new program comes beside the old one, which stays until the one after', async () => {
  const vm = new Machine();
  const [one, two, three] = ['1', '2', '3'].map((version) => programOf(vm, version).want) as [
    ExecutableWant,
    ExecutableWant,
    ExecutableWant,
  ];
  await reconcile(vm, one);
  await reconcile(vm, two);
  expect(readdirSync(vm.base).sort()).toEqual([one.sha256, two.sha256, 'current', 'former'].sort());
  expect(readlinkSync(join(vm.base, 'former'))).toBe(one.sha256);
  await reconcile(vm, three);
  expect(readdirSync(vm.base).sort()).toEqual([two.sha256, three.sha256, 'current', 'former'].sort());
  expect(readlinkSync(join(vm.base, 'former'))).toBe(two.sha256);
  // The former program needs no upload.
  expect(summaries(await planFor(vm, two))).toEqual([ours(two)[1]]);
  await reconcile(vm, two);
  expect(readlinkSync(join(vm.base, 'current'))).toBe(two.sha256);
});

test.each([
  ['cut off', (path: string) => truncateSync(path, 1000)],
  ['not executable', (path: string) => chmodSync(path, 0o644)],
])('a program that is %s is installed again', async (_, damage) => {
  const vm = new Machine();
  const { want, content } = programOf(vm, '1');
  await reconcile(vm, want);
  damage(vm.program(want));
  expect(summaries(await planFor(vm, want))).toEqual([ours(want)[0]]);
  await reconcile(vm, want);
  expect(vm.read(vm.program(want))).toBe(content);
});

test('a link that another program changed is set again', async () => {
  const vm = new Machine();
  const { want } = programOf(vm, '1');
  await reconcile(vm, want);
  execFileSync('ln', ['-sfn', '/tmp', join(vm.base, 'current')]);
  expect(summaries(await planFor(vm, want))).toEqual([ours(want)[1]]);
  await reconcile(vm, want);
  expect(readlinkSync(join(vm.base, 'current'))).toBe(want.sha256);
  expect(existsSync('/tmp')).toBe(true);
});

test('a file that changed since the plan is not installed', async () => {
  const vm = new Machine();
  const { want } = programOf(vm, '1');
  const planned = await planFor(vm, want);
  writeFileSync(want.file, 'another program');
  const [outcome] = await outcomes(planned, vm);
  expect(outcome?.problem?.id).toBe('source-digest');
  expect(existsSync(vm.base)).toBe(false);
});

/** The plan as if the machine could unpack only this. */
function packedBy(planned: Plan, packing: 'gzip' | 'zstd' | 'none'): Plan {
  const text = JSON.stringify(planned).replaceAll(/"packing":"\w+"/g, `"packing":"${packing}"`);
  return JSON.parse(packing === 'none' ? text.replaceAll(/,"packing":"none"/g, '') : text) as Plan;
}

test.each(['gzip', 'zstd'] as const)('a machine that unpacks %s gets the same program', async (packing) => {
  const vm = new Machine();
  const { want, content } = programOf(vm, '1');
  const ended = await outcomes(packedBy(await planFor(vm, want), packing), vm);
  expect(ended.map(({ problem }) => problem?.message)).toEqual([undefined]);
  expect(vm.read(vm.program(want))).toBe(content);
});

test('what arrives unpacked is refused', async () => {
  const vm = new Machine();
  const { want } = programOf(vm, '1');
  const [outcome] = await outcomes(packedBy(await planFor(vm, want), 'none'), vm);
  expect(outcome?.problem).toMatchObject({ id: 'arrived-incomplete' });
  expect(existsSync(vm.base)).toBe(false);
  expect(existsSync(vm.path('var/lib/meshx/incoming-executable'))).toBe(false);
});

test('a program that is longer than planned is refused', async () => {
  const vm = new Machine();
  const { want } = programOf(vm, '1');
  const [outcome] = await outcomes(await planFor(vm, { ...want, bytes: 1000 }), vm);
  expect(outcome?.problem).toMatchObject({ id: 'arrived-incomplete', message: expect.stringContaining('1000 bytes') });
});

test('a part of the program is beside it as a library, and is put back with it', async () => {
  const vm = new Machine();
  const { want: program, content } = programOf(vm, '1');
  const want = { ...program, library: { name: 'libpart.so.1', offset: 300_001, bytes: 1234 } };
  const part = join(vm.base, want.sha256, 'libpart.so.1');
  await reconcile(vm, want);
  expect(vm.read(part)).toBe(content.slice(300_001, 301_235));
  expect(statSync(part).mode & 0o777).toBe(0o644);
  expect(readdirSync(join(vm.base, want.sha256)).sort()).toEqual(['libpart.so.1', 'meshx']);
  expect(summaries(await planFor(vm, want))).toEqual([]);
  rmSync(part);
  expect(summaries(await planFor(vm, want))).toEqual([ours(want)[0]]);
  await reconcile(vm, want);
  expect(vm.read(part)).toHaveLength(1234);
});

test('a program for another processor is refused before anything is changed', async () => {
  const vm = new Machine();
  const { want } = programOf(vm, '1');
  await expect(planFor(vm, { ...want, architecture: 'riscv64' })).rejects.toMatchObject({
    id: 'executable-architecture',
  });
  expect(vm.ran).toEqual(['meshx-probes']);
});

test('a link in the place of the program is replaced, and not written through', async () => {
  const vm = new Machine();
  const { want, content } = programOf(vm, '1');
  await reconcile(vm, want);
  const elsewhere = vm.path('elsewhere');
  writeFileSync(elsewhere, 'kept');
  execFileSync('ln', ['-sf', elsewhere, vm.program(want)]);
  expect(summaries(await planFor(vm, want))).toEqual([ours(want)[0]]);
  await reconcile(vm, want);
  expect(vm.read(elsewhere)).toBe('kept');
  expect(lstatSync(vm.program(want)).isFile()).toBe(true);
  expect(vm.read(vm.program(want))).toBe(content);
});

test('the upload begins with the run, and its output is used when its turn comes', async () => {
  const vm = new Machine();
  const { want } = programOf(vm, '1');
  const wants = [
    { kind: 'directory', path: vm.path('etc/x'), owner: process.env['USER'] ?? 'root', mode: '0755' } as const,
    want,
  ];
  const steps = [step(...wants)];
  const waited: string[] = [];
  const planned = plan(steps, await gatherFacts(steps, vm));
  await outcomes(planned, vm, { waited: (name) => waited.push(name) });
  expect(waited).toEqual(['executable-receive']);
  expect(vm.ran.filter((name) => name === 'meshx-executable-receive')).toHaveLength(1);
});

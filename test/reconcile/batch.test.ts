import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { batchCommand, companyOf, doneOf, MOST_TOGETHER } from '../../src/reconcile/batch.ts';
import { Problem } from '../../src/problems.ts';
import { file as fileKind } from '../../src/reconcile/kinds/file.ts';
import { plan, summaries } from '../../src/reconcile/plan.ts';
import { gatherFacts } from '../../src/reconcile/facts.ts';
import type { Resource } from '../../src/reconcile/resource.ts';
import type { Change } from '../../src/reconcile/kind.ts';
import { ME, outcomes, planFor, ShimMachine, step } from './shim-machine.ts';

const file = (path: string, content: string) => ({ kind: 'file', path, content, owner: ME, mode: '0640' }) as const;

/** Names that a shell or the lines of a batch could stumble over. */
const name = fc
  .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'a \\\n\t\r\'"$`*?[;&|<>=#~é0'.split('')) })
  .map((text) => `x${text}`);
const content = fc.oneof(fc.string({ maxLength: 200 }), fc.constantFrom('', '\n', 'end\n', 'x\nend\n', '0 0\n', '\0'));
const files = fc.uniqueArray(fc.tuple(name, content), { minLength: 2, maxLength: 5, selector: ([each]) => each });

async function changesOf(vm: ShimMachine, ...wants: readonly Resource[]): Promise<readonly Change[]> {
  return (await planFor(vm, ...wants)).steps.flatMap(({ changes }) => changes);
}

test('files of any name and content are up to date after one round trip', async () => {
  const check = async (all: readonly (readonly [string, string])[]): Promise<void> => {
    const vm = new ShimMachine();
    const wants = all.map(([path, text]) => file(vm.path('etc', path), text));
    const planned = await planFor(vm, ...wants);
    const before = vm.ran.length;
    expect(await outcomes(planned, vm)).toMatchObject([{ status: 'changed', done: summaries(planned) }]);
    expect(vm.ran.slice(before)).toEqual(['meshx-journal', 'meshx-changes']);
    for (const { path, content: text } of wants) expect(readFileSync(path, 'utf8')).toBe(text);
    expect(summaries(await planFor(vm, ...wants))).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(files, check), { numRuns: 10 });
}, 120_000);

test('of a stream that was cut anywhere only whole changes are made, and it is said which', async () => {
  const check = async (all: readonly (readonly [string, string])[], at: number): Promise<void> => {
    const vm = new ShimMachine();
    const wants = all.map(([path, text]) => file(vm.path('etc', path), text));
    const changes = await changesOf(vm, ...wants);
    const command = batchCommand(changes);
    const bytes = Buffer.from(command.stdin as Uint8Array);
    // Nothing is missing where only the last end of a line is.
    const output = await vm.run({ ...command, stdin: bytes.subarray(0, Math.floor(at * (bytes.length - 1))) });
    const done = doneOf(changes, output);
    expect([output.exitCode, output.stdout]).toEqual([181, 'done\n'.repeat(done)]);
    for (const [index, { path, content: text }] of wants.entries()) {
      expect(existsSync(path)).toBe(index < done);
      if (index < done) expect(readFileSync(path, 'utf8')).toBe(text);
    }
  };
  const cut = fc.double({ min: 0, max: 0.999, noNaN: true });
  await fc.assert(fc.asyncProperty(files, cut, check), { numRuns: 10 });
}, 120_000);

test('the first change that fails is named, with its own words; the ones before it are done and the rest is not', async () => {
  const vm = new ShimMachine();
  const paths = ['a', 'b', 'c', 'd'].map((each) => vm.path('etc', each));
  mkdirSync(vm.path('etc/c'));
  const steps = [
    step(...paths.slice(0, 2).map((path) => file(path, 'x'))),
    step(...paths.slice(2).map((path) => file(path, 'x'))),
  ];
  const planned = plan(steps, await gatherFacts(steps, vm));
  const [first, second] = await outcomes(planned, vm, { again: 'meshx up vm1' });
  expect(first).toMatchObject({ status: 'changed', done: [`create ${paths[0]}`, `create ${paths[1]}`] });
  expect(second?.status).toBe('failed');
  expect(second?.problem?.message).toMatch(new RegExp(`could not replace ${paths[2]} \\(exit code 1\\)`));
  expect(second?.problem?.issues).toEqual([
    `done: create ${paths[0]}`,
    `done: create ${paths[1]}`,
    `not done: replace ${paths[2]}`,
    `not done: create ${paths[3]}`,
  ]);
  expect(readdirSync(vm.path('etc'))).toEqual(['a', 'b', 'c']);
});

test('a step that is refused before its first change keeps the ones after it from travelling with others', async () => {
  const vm = new ShimMachine();
  const [a, b] = ['a', 'b'].map((each) => vm.path('etc', each)) as [string, string];
  const steps = [a, b].map((path) => ({ ...step(file(path, 'x')), id: path }));
  const planned = plan(steps, await gatherFacts(steps, vm));
  const asked: string[] = [];
  const no = new Problem('refused', { message: 'no', hint: '', issues: [] });
  const found = await outcomes(planned, vm, {
    beforeStep: async ({ id }) => {
      asked.push(id);
      if (id === b) throw no;
    },
  });
  expect(found.map(({ status }) => status)).toEqual(['changed', 'failed']);
  expect(found[1]?.problem).toBe(no);
  expect([existsSync(a), existsSync(b), asked]).toEqual([true, false, [a, b]]);
});

test('a secret never travels with others, and a unit with no file, nor more than a command has time for', async () => {
  const vm = new ShimMachine();
  const certificate = { certificate: vm.path('c'), key: vm.path('k'), identity: 'spiffe://x' };
  const token = {
    kind: 'token',
    path: vm.path('etc/t'),
    secret: 's',
    owner: ME,
    mode: '0600',
    ...certificate,
  } as const;
  const changes = await changesOf(
    vm,
    token,
    { kind: 'unit', name: 'a.service', reads: [] },
    file(vm.path('etc/a'), 'x'),
  );
  expect(changes.map(companyOf)).toEqual([undefined, 'starts', 'files']);
  const many = Array.from({ length: MOST_TOGETHER + 1 }, (_, n) => ({
    kind: 'directory' as const,
    path: vm.path(`etc/d${n}`),
    owner: ME,
    mode: '0755',
  }));
  const before = vm.ran.length;
  await outcomes(await planFor(vm, ...many), vm);
  expect(vm.ran.slice(before)).toEqual(['meshx-probes', 'meshx-journal', 'meshx-changes', 'meshx-directory-create']);
}, 120_000);

test('a change that takes no text is not made when some was sent to it', async () => {
  const vm = new ShimMachine();
  const wants = [{ kind: 'directory' as const, path: vm.path('etc/d'), owner: ME, mode: '0755' }];
  const [change] = await changesOf(vm, ...wants);
  const scripts = (change?.scripts ?? []).map((planned) => ({ ...planned, stdin: 'text\n' }));
  const output = await vm.run(batchCommand([{ summary: 'create', scripts }]));
  expect([output.exitCode, output.stdout]).toEqual([1, '']);
  expect(existsSync(vm.path('etc/d'))).toBe(false);
});

test('files and edits of several folders, one behind the other, leave nothing beside them and tell the journal of each once', async () => {
  const vm = new ShimMachine();
  const paths = ['etc/a', 'etc/b', 'opt/x/a', 'etc/c', 'etc/a b*[c'].map((each) => vm.path(each));
  const line = { kind: 'line', path: vm.path('etc/hosts'), line: 'x' } as const;
  const wants = paths.map((path) => file(path, 'same'));
  await outcomes(await planFor(vm, ...wants.slice(0, 2), line, ...wants.slice(2)), vm);
  expect([readdirSync(vm.path('etc')), readdirSync(vm.path('opt/x'))]).toEqual([
    ['a', 'a b*[c', 'b', 'c', 'hosts'],
    ['a'],
  ]);
  const wrote = vm.read(vm.path('var/lib/meshx/undo/wrote')).trim().split('\n');
  const inOrder = [...paths.slice(0, 2), line.path, ...paths.slice(2)];
  expect(wrote.map((each) => each.slice(each.indexOf(' ') + 1))).toEqual(inOrder);
  expect(readdirSync(vm.path('var/lib/meshx/undo/edits', vm.path('etc')))).toEqual(['hosts']);
});

test('NUL bytes, other control characters and letters beyond ASCII arrive as they were sent', async () => {
  const vm = new ShimMachine();
  const text = String.fromCharCode(...Array.from({ length: 0x900 }, (_, code) => code)) + '%s\\0101\\c\n\n';
  const wants = [file(vm.path('etc/a'), text), file(vm.path('etc/b'), text.repeat(100))];
  await outcomes(await planFor(vm, ...wants), vm);
  for (const { path, content: whole } of wants) expect(vm.read(path)).toBe(whole);
});

test('a text that is not the announced one is not put in place; the file before it is made and the one behind it is not', async () => {
  const vm = new ShimMachine();
  const wants = ['a', 'b', 'c'].map((each) => file(vm.path('etc', each), each));
  const changes = await changesOf(vm, ...wants);
  const damaged = changes.map(({ summary, scripts }, index) => ({
    summary,
    scripts: index === 1 ? scripts.map((planned) => ({ ...planned, stdin: 'other' })) : scripts,
  }));
  const output = await vm.run(batchCommand(damaged));
  expect([output.exitCode, output.stdout]).toEqual([181, 'done\n']);
  expect(output.stderr).toContain(`${vm.path('etc/b')}: not all of it arrived`);
  expect(readdirSync(vm.path('etc'))).toEqual(['a']);
});

test('of directories that are made together the one that fails is named, and none behind it is left', async () => {
  const vm = new ShimMachine();
  const group = ME === 'root' ? 'root:root' : `${ME}:${process.getgid?.()}`;
  const directory = (path: string) =>
    ({ kind: 'directory', path: vm.path('etc', path), owner: group, mode: '0750' }) as const;
  const wants = ['a', 'a/b', 'c', 'd'].map(directory);
  const changes = await changesOf(vm, ...wants);
  // A file comes up in the place of one of them.
  writeFileSync(
    vm.path('../bin/install'),
    `#!/bin/sh\nPATH=\${PATH#*:}; install "$@"; case " $* " in *" ./c "*) rmdir "$TARGET/etc/c"; : > "$TARGET/etc/c"; exit 1 ;; esac\n`,
  );
  chmodSync(vm.path('../bin/install'), 0o755);
  const output = await vm.run(batchCommand(changes));
  expect(output.exitCode).not.toBe(0);
  expect(output.stdout).toBe('done\ndone\n');
  expect(readdirSync(vm.path('etc'))).toEqual(['a', 'c']);
  expect(readdirSync(vm.path('etc/a'))).toEqual(['b']);
});

test('what is no change of this version is not run', async () => {
  const vm = new ShimMachine();
  const command = batchCommand([]);
  for (const line of ['0'.repeat(64), `${'0'.repeat(64)} =x`, 'ab; =x', '=x\nrm -rf', 'rm -rf']) {
    const output = await vm.run({ ...command, stdin: `${line}\nend\n` });
    expect([output.exitCode, output.stdout]).toEqual([1, '']);
  }
});

test('of two files that are written together each keeps its own text, whatever the size of the other', async () => {
  const vm = new ShimMachine();
  const [large, small] = [vm.path('etc/a'), vm.path('etc/b')];
  writeFileSync(large, 'x'.repeat(1_200_000));
  writeFileSync(small, 'before\n');
  const put = (path: string): readonly Change[] => {
    const want = { kind: 'file', path, content: 'ours\n', owner: 'root:root', mode: '0644' } as const;
    return fileKind.changes(want, { exitCode: 0, stdout: '', stderr: '' }, new Set());
  };
  const undo = vm.path('var/lib/meshx/undo');
  for (const path of [large, small]) {
    mkdirSync(join(undo, 'files', path, '..'), { recursive: true });
    writeFileSync(join(undo, 'files', path), 'kept');
  }
  for (const both of [
    [large, small],
    [small, large],
  ]) {
    await vm.run(batchCommand(both.flatMap(put)));
    expect(readFileSync(join(undo, 'edits', small, '1.ours'), 'utf8')).toBe('ours\n');
    expect(existsSync(join(undo, 'edits', large, '1.base'))).toBe(false);
    rmSync(join(undo, 'edits'), { recursive: true });
    writeFileSync(large, 'x'.repeat(1_200_000));
    writeFileSync(small, 'before\n');
  }
});

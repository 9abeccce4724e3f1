import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { batchCommand } from '../../src/reconcile/batch.ts';
import { kindOf } from '../../src/reconcile/kinds/index.ts';
import type { Resource } from '../../src/reconcile/resource.ts';
import { outcomes, planFor, ShimMachine } from './shim-machine.ts';

/** The shim notes what is flushed and what gets a name, in their order. */
function world() {
  const vm = new ShimMachine();
  const log = join(vm.folder, 'disk.log');
  for (const name of ['sync', 'mv']) {
    const path = vm.path('../bin', name);
    writeFileSync(
      path,
      `#!/bin/sh\nPATH=\${PATH#*${delimiter}}; echo "${name} $PWD $*" >> ${log}; exec ${name} "$@"\n`,
    );
    chmodSync(path, 0o755);
  }
  const lines = (): readonly string[] =>
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .filter((line) => !line.includes('/lib/meshx'));
  return { vm, lines };
}

const wants = (vm: ShimMachine): readonly Resource[] =>
  ['a', 'b', 'deep/c'].map((name) => ({
    kind: 'file',
    path: vm.path('etc', name),
    content: `${name}\n`,
    owner: String(process.getuid?.() ?? 0),
    mode: '0644',
  }));

test('the texts of files that are written together are flushed at once, before the first of them has its name', async () => {
  const { vm, lines } = world();
  mkdirSync(vm.path('etc/deep'));
  const absent = { exitCode: 0, stdout: '', stderr: '' };
  const changes = wants(vm).flatMap((want) => kindOf(want).changes(want, absent, new Set()));
  expect(await vm.run(batchCommand(changes))).toMatchObject({ exitCode: 0 });
  const verbs = lines().map((line) => line.split(' ')[0]);
  expect(verbs).toEqual(['sync', 'mv', 'mv', 'mv', 'sync']);
  expect(lines()[0]).toMatch(/ -d .*\/1 .*\/2 .*\/3$/);
  expect(lines()[4]).toContain(`-- ${vm.path('etc')}/. ${vm.path('etc/deep')}/.`);
});

test('a file that is edited is flushed before it replaces the one that was there, its folder after', async () => {
  const { vm, lines } = world();
  writeFileSync(vm.path('etc/hosts'), '127.0.0.1 localhost\n');
  const line: Resource = { kind: 'line', path: vm.path('etc/hosts'), line: '192.0.2.1 istiod' };
  for (const { problem } of await outcomes(await planFor(vm, line), vm)) expect(problem).toBeUndefined();
  expect(readFileSync(vm.path('etc/hosts'), 'utf8')).toContain('istiod');
  const about = lines().filter((each) => each.includes('/etc/.meshx.'));
  expect(about.map((each) => each.replace(/ \S+\/\.meshx\.\w+ /, ' '))).toEqual([
    'sync -d new',
    'mv -fT -- new ../hosts',
    'sync ..',
  ]);
});

test('where a text cannot be flushed the file keeps what it had', async () => {
  const { vm } = world();
  writeFileSync(vm.path('../bin/sync'), '#!/bin/sh\necho "sync: error syncing: Input/output error" >&2\nexit 1\n');
  writeFileSync(vm.path('etc/hosts'), 'before\n');
  const [want] = [{ ...wants(vm)[0], path: vm.path('etc/hosts') } as Resource];
  const changes = kindOf(want).changes(want, { exitCode: 0, stdout: '', stderr: '' }, new Set());
  expect((await vm.run(batchCommand(changes))).exitCode).not.toBe(0);
  expect(readFileSync(vm.path('etc/hosts'), 'utf8')).toBe('before\n');
});

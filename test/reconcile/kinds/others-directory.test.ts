import { chownSync, lchownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Script, scriptCommand } from '../../../src/host/run/shell.ts';
import { batchCommand } from '../../../src/reconcile/batch.ts';
import { directory } from '../../../src/reconcile/kinds/directory.ts';
import type { Change } from '../../../src/reconcile/kind.ts';
import { ShimMachine, temporaryFolder } from '../shim-machine.ts';

// A directory of the sidecar's user, who may put links into it between two looks. Only root meets it.
const root = process.getuid?.() === 0 ? test : test.skip;
const NOBODY = 65534;
const OWNER = 'nobody:nogroup';

function theirs(): { readonly folder: string; readonly target: string } {
  const base = temporaryFolder();
  const [folder, target] = [join(base, 'theirs'), join(base, 'ours')];
  for (const each of [folder, target]) mkdirSync(each, { mode: 0o700 });
  chownSync(folder, NOBODY, NOBODY);
  return { folder, target };
}

function changesFor(want: Parameters<typeof directory.changes>[0]): readonly Change[] {
  return directory.changes(want, { exitCode: 0, stdout: '', stderr: '' }, new Set());
}

root('a new directory below one of another user has its owner before it has its name', async () => {
  const { folder, target } = theirs();
  const vm = new ShimMachine();
  const want = (name: string) => ({ kind: 'directory', path: join(folder, name), owner: OWNER, mode: '0750' }) as const;
  expect(await vm.run(batchCommand([...changesFor(want('a')), ...changesFor(want('b'))]))).toMatchObject({
    exitCode: 0,
    stdout: 'done\ndone\n',
  });
  for (const name of ['a', 'b']) expect(statSync(join(folder, name))).toMatchObject({ uid: NOBODY, mode: 0o40750 });
  // A link that leads to nothing yet, and one that leads to a directory of root.
  symlinkSync(join(folder, 'nowhere'), join(folder, 'c'));
  symlinkSync(target, join(folder, 'd'));
  for (const name of ['c', 'd']) lchownSync(join(folder, name), NOBODY, NOBODY);
  for (const name of ['c', 'd']) expect((await vm.run(batchCommand(changesFor(want(name))))).exitCode).not.toBe(0);
  expect(statSync(target)).toMatchObject({ uid: 0, mode: 0o40700 });
});

root('owner and mode are set on what was looked at, never on what a link leads to', async () => {
  const { folder, target } = theirs();
  const vm = new ShimMachine();
  const secret = join(target, 'secret');
  writeFileSync(secret, 'x', { mode: 0o600 });
  const link = join(folder, 'link');
  symlinkSync(secret, link);
  const held: Script = { name: 'own', text: 'held "$3" _own_held "$1" "$2"', args: [OWNER, '0644', link] };
  expect(await vm.run(scriptCommand(held))).toMatchObject({
    exitCode: 1,
    stderr: `${link} is not a plain file\n`,
  });
  expect(statSync(secret)).toMatchObject({ uid: 0, mode: 0o100600 });
  const own = join(folder, 'file');
  writeFileSync(own, 'x', { mode: 0o600 });
  expect(await vm.run(scriptCommand({ ...held, args: [OWNER, '0644', own] }))).toMatchObject({ exitCode: 0 });
  expect(statSync(own)).toMatchObject({ uid: NOBODY, mode: 0o100644 });
});

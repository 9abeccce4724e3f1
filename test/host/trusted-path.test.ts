import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { isWritable, weaknesses } from '../../src/host/trusted-path.ts';
import { GROUP_BIT } from '../support/group-bit.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A directory that belongs to someone else needs root. */
const asRoot = process.getuid?.() === 0 ? test : test.skip;

async function weakAt(path: string, inside?: boolean): Promise<readonly string[]> {
  return (await weaknesses(path, inside)).map((weak) => weak.path);
}

const OTHERS = GROUP_BIT | 0o002;
const modes = fc.array(fc.constantFrom(0o755, 0o700, 0o1777, 0o775, 0o757, 0o777), { minLength: 1, maxLength: 4 });
const fileMode = fc.constantFrom(0o644, 0o600, 0o664, 0o646, 0o666);

test('of any path, exactly the directories and the file that others can change are weak; a sticky directory is not', async () => {
  await fc.assert(
    fc.asyncProperty(modes, fileMode, fc.boolean(), async (folders, mode, isLinked) => {
      const base = temporaryFolder();
      const paths = folders.map((_mode, index) =>
        join(base, ...Array.from({ length: index + 1 }, (_, each) => `d${each}`)),
      );
      const folder = paths.at(-1) ?? base;
      mkdirSync(folder, { recursive: true });
      const file = join(folder, 'file');
      writeFileSync(file, '');
      chmodSync(file, mode);
      for (const [index, path] of paths.entries()) chmodSync(path, folders[index] ?? 0);
      const link = join(base, 'link');
      if (isLinked) symlinkSync('d0', link);
      const isOpen = (mode: number): boolean => mode < 0o1000 && (mode & OTHERS) !== 0;
      const weak = paths.filter((_path, index) => isOpen(folders[index] ?? 0));
      const expected = [...weak, ...((mode & OTHERS) === 0 ? [] : [file])];
      const asked = isLinked ? join(link, ...paths.slice(1).map((_path, index) => `d${index + 1}`), 'file') : file;
      expect(await weakAt(asked)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

test('who can change the directory of a link on the way decides where it leads', async () => {
  const base = temporaryFolder();
  for (const name of ['shared', 'own']) mkdirSync(join(base, name));
  writeFileSync(join(base, 'own', 'tool'), '');
  symlinkSync('../own/tool', join(base, 'shared', 'tool'));
  symlinkSync(join(base, 'shared', 'tool'), join(base, 'tool'));
  expect(await weakAt(join(base, 'tool'))).toEqual([]);
  chmodSync(join(base, 'shared'), 0o757);
  expect(await weakAt(join(base, 'tool'))).toEqual([join(base, 'shared')]);
});

test('links that lead in a circle, and paths that do not exist, end', async () => {
  const base = temporaryFolder();
  symlinkSync('b', join(base, 'a'));
  symlinkSync('a', join(base, 'b'));
  expect(await weakAt(join(base, 'a', 'c'))).toEqual([]);
  expect(await weakAt(join(base, 'none', 'c'))).toEqual([]);
});

test('a directory is judged with all that is in it, and with what its links name', async () => {
  const base = temporaryFolder();
  const folder = join(base, 'package');
  mkdirSync(join(folder, 'usr/bin'), { recursive: true });
  for (const file of [join(folder, 'usr/bin/envoy'), join(base, 'elsewhere')]) writeFileSync(file, '', { mode: 0o600 });
  symlinkSync('../elsewhere', join(folder, 'link'));
  expect(await weakAt(folder, true)).toEqual([]);
  chmodSync(join(folder, 'usr/bin/envoy'), 0o666);
  chmodSync(join(base, 'elsewhere'), 0o606);
  expect((await weakAt(folder, true)).toSorted()).toEqual([join(base, 'elsewhere'), join(folder, 'usr/bin/envoy')]);
  chmodSync(folder, 0o1777);
  expect(await weakAt(folder, true)).toContain(folder);
});

asRoot('what belongs to another user is weak whatever its mode: file, directory and link', async () => {
  const base = temporaryFolder();
  const folder = join(base, 'theirs');
  mkdirSync(folder);
  const file = join(folder, 'file');
  writeFileSync(file, '', { mode: 0o600 });
  symlinkSync(file, join(base, 'link'));
  for (const path of [file, folder]) chownSync(path, 65_534, 65_534);
  lchownSync(join(base, 'link'), 65_534, 65_534);
  const found = await weaknesses(join(base, 'link'));
  expect(found).toEqual([join(base, 'link'), folder, file].map((path) => ({ path, isForeign: true, isRoots: false })));
});

test('a group that is no private one lets others change a file', () => {
  const gid = 60_001;
  const judged = [0o664, 0o646, 0o644].map((mode) => isWritable({ gid, mode }));
  expect(judged).toEqual([true, true, false]);
  expect(isWritable({ gid, mode: 0o664 }, 0o002)).toBe(false);
});

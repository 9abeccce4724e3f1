import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { weaknesses } from '../../src/host/trusted-path.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A directory that belongs to someone else needs root. */
const asRoot = process.getuid?.() === 0 ? test : test.skip;

async function weakAt(path: string, inside?: boolean): Promise<readonly string[]> {
  return (await weaknesses(path, inside)).map((weak) => weak.path);
}

const OPEN = [0o775, 0o757, 0o777];
const modes = fc.array(fc.constantFrom(0o755, 0o700, 0o1777, ...OPEN), { minLength: 1, maxLength: 4 });
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
      const weak = paths.filter((_path, index) => OPEN.includes(folders[index] ?? 0));
      const expected = [...weak, ...((mode & 0o022) === 0 ? [] : [file])];
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
  chmodSync(join(base, 'shared'), 0o775);
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

import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// @ts-expect-error: JavaScript of jest's configuration, without types.
import { placeOnce, removeOld } from './support/place-once.mjs';
import { temporaryFolder } from './support/temporary-folder.ts';

// as: what it declares in its comment.
const place = placeOnce as (made: string, place: string) => void;
const forget = removeOld as (folder: string, oldMs: number) => void;

test('of two folders that are made at once for one place, the first stays and the second goes', () => {
  const root = temporaryFolder();
  const [there, made] = [join(root, 'there'), (name: string) => join(root, name)];
  for (const name of ['one', 'two']) {
    mkdirSync(made(name));
    writeFileSync(join(made(name), 'file'), name);
    place(made(name), there);
  }
  expect(readFileSync(join(there, 'file'), 'utf8')).toBe('one');
  expect([existsSync(made('one')), existsSync(made('two'))]).toEqual([false, false]);
  expect(() => place(made('gone'), made('nowhere'))).toThrow('ENOENT');
});

test('old folders go, new ones stay, and a name that leads to nothing any more is passed over', () => {
  const root = temporaryFolder();
  symlinkSync('moved-away', join(root, 'a'));
  for (const name of ['new', 'old']) mkdirSync(join(root, name));
  utimesSync(join(root, 'old'), 0, 0);
  forget(root, 60_000);
  expect(readdirSync(root)).toEqual(['a', 'new']);
});

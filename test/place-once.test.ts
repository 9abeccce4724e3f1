import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// @ts-expect-error: JavaScript of jest's configuration, without types.
import { placeOnce } from './support/place-once.mjs';
import { temporaryFolder } from './support/temporary-folder.ts';

// as: what it declares in its comment.
const place = placeOnce as (made: string, place: string) => void;

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

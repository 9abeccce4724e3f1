import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built, purge, type Recipe } from './cache.ts';
import { labNames, type Names } from './names.ts';

let names: Names;
beforeEach(() => {
  names = { ...labNames({}), cache: mkdtempSync(join(tmpdir(), 'lab-cache-')) };
});
afterEach(() => rmSync(names.cache, { recursive: true, force: true }));

const quiet = (): void => undefined;

/** A recipe that writes its input and counts its runs. */
function recipe(input: string, runs: string[] = []): Recipe {
  const build = (folder: string): Promise<void> => {
    runs.push(input);
    writeFileSync(join(folder, 'result'), input);
    return Promise.resolve();
  };
  return { name: 'part', inputs: [input], build };
}

test('what is built once is not built again, and another input is another build', async () => {
  const runs: string[] = [];
  const first = await built(names, recipe('one', runs), quiet);
  expect(await built(names, recipe('one', runs), quiet)).toBe(first);
  const second = await built(names, recipe('two', runs), quiet);
  expect(runs).toEqual(['one', 'two']);
  expect(readFileSync(join(first, 'result'), 'utf8')).toBe('one');
  expect(readFileSync(join(second, 'result'), 'utf8')).toBe('two');
});

test('a build that died is never taken for a result', async () => {
  const broken: Recipe = {
    ...recipe('one'),
    build: (folder) => {
      writeFileSync(join(folder, 'half'), '');
      return Promise.reject(new Error('the disk is full'));
    },
  };
  await expect(built(names, broken, quiet)).rejects.toThrow('the disk is full');
  const folder = await built(names, recipe('one'), quiet);
  expect(readdirSync(folder)).toEqual(['result']);
});

test('two that want the same at once build it once', async () => {
  const runs: string[] = [];
  const [first, second] = await Promise.all([
    built(names, recipe('one', runs), quiet),
    built(names, recipe('one', runs), quiet),
  ]);
  expect(first).toBe(second);
  expect(runs).toEqual(['one']);
});

test('purge removes the cache folder with everything in it', async () => {
  await built(names, recipe('one'), quiet);
  mkdirSync(join(names.cache, 'root-x.building/root'), { recursive: true });
  await purge(names);
  expect(existsSync(names.cache)).toBe(false);
});

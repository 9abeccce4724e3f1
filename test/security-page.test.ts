import { existsSync, readFileSync } from 'node:fs';

const ROOT = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

interface Line {
  readonly claim: string;
  /** Test file and the title, or the start of it, of a test in that file. */
  readonly shownBy: readonly (readonly [file: string, title: string])[];
}

/** The table rows of docs/security.md whose last cell names tests: `file` › title. */
const lines: readonly Line[] = read('docs/security.md')
  .split('\n')
  .filter((line) => /^\| (can|cannot) \|/.test(line))
  .map((line) => {
    const [, , claim = '', tests = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const shownBy = [...tests.matchAll(/`(test\/[^`]+)` › (.*?)(?=<br>|$)/g)];
    return {
      claim,
      shownBy: shownBy.map(([, file = '', title = '']) => [file, title.replaceAll('\\|', '|').trim()] as const),
    };
  });

/** Titles as the sources have them: a quote may be escaped there. */
const titlesIn = (file: string): string => read(file).replaceAll("\\'", "'");

test('every line of docs/security.md names a test', () => {
  expect(lines.length).toBeGreaterThan(30);
  expect(lines.filter(({ shownBy }) => shownBy.length === 0).map(({ claim }) => claim)).toEqual([]);
});

test('every test that docs/security.md names exists', () => {
  const named = lines.flatMap(({ shownBy }) => shownBy);
  const missing = named.filter(([file, title]) => !existsSync(new URL(file, ROOT)) || !titlesIn(file).includes(title));
  expect(missing.map(([file, title]) => `${file} › ${title}`)).toEqual([]);
});

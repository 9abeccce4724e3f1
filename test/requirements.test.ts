import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { acceptancePage, complaints, readRequirements, type Requirement, testsOf } from '../scripts/acceptance-page.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const requirements = readRequirements(read('test/requirements.yaml'));
const each = Object.entries(requirements);
const numbered = (letter: string, last: number) => Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);

/** The documents that meshx was started from, and how many requirements each has. */
const LETTERS = [
  ['A', 95],
  ['B', 66],
  ['C', 39],
  ['D', 50],
  ['E', 44],
  ['F', 86],
] as const;

test('every requirement has a sentence and is there once', () => {
  expect(Object.keys(requirements)).toEqual(
    expect.arrayContaining(LETTERS.flatMap(([letter, last]) => numbered(letter, last))),
  );
  expect(each.filter(([, { requirement }]) => requirement.length < 10).map(([id]) => id)).toEqual([]);
});

test('every requirement has a test, or says why it is open', () => {
  const wrong = each.filter(([, requirement]) => {
    const tested = testsOf(requirement).length > 0;
    const open = requirement.open !== undefined && (requirement.reason ?? '').split(/\s+/).length > 7;
    return tested === open;
  });
  expect(wrong.map(([id]) => id)).toEqual([]);
  expect(each.filter(([, { open }]) => ![undefined, 'later', 'out of scope'].includes(open))).toEqual([]);
});

test('every test of a requirement exists', () => {
  // A quote may be escaped in the source of a title.
  const missing = each.flatMap(([id, requirement]) =>
    testsOf(requirement)
      .filter(
        ({ file, title }) =>
          !existsSync(new URL(file, ROOT)) ||
          !read(file)
            .replaceAll(/\\(['"`])/g, '$1')
            .includes(title),
      )
      .map(({ file, title }) => `${id}: ${file} › ${title}`),
  );
  expect(missing).toEqual([]);
});

test('no title of a test carries the id of a requirement', () => {
  const files = readdirSync(new URL('test/', ROOT), { recursive: true, encoding: 'utf8' });
  const carrying = files
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /['"`]\[[A-F]\d[A-F\d ,-]*\] /.test(read(`test/${file}`)));
  expect(carrying).toEqual([]);
});

test('docs/acceptance.md is made from test/requirements.yaml: npm run acceptance', () => {
  expect(read('docs/acceptance.md')).toBe(acceptancePage(requirements));
});

const shown = (...titles: readonly string[]): Requirement => ({
  requirement: 'a|b <c>',
  tests: { 'test/x.test.ts': titles },
});

test('a sentence or a title cannot break the table, and a long list of titles is cut', () => {
  const page = acceptancePage({ X1: shown('a|b `c`'), X2: shown('1', '2', '3', '4', '5') });
  expect(page).toContain('| X1 | a\\|b &lt;c> | a\\|b \\`c\\` (`test/x.test.ts`) |');
  expect(page).toContain('| 1; 2; 3; and 2 more (`test/x.test.ts`) |');
});

test('a test that failed or did not run is named, and a title stands for all its cases', () => {
  const result = (title: string, passed = true) => ({ file: 'test/x.test.ts', title, passed });
  const wanted = { X1: shown('port %s is $name') };
  expect(complaints(wanted, [result('port 1 is a'), result('port 2 is b')])).toEqual([]);
  expect(complaints(wanted, [result('port 1 is a'), result('port 2 is b', false)])).toEqual([
    'X1: failed: test/x.test.ts › port 2 is b',
  ]);
  expect(complaints(wanted, [])).toEqual(['X1: did not run: test/x.test.ts › port %s is $name']);
});

import { readdirSync, readFileSync } from 'node:fs';
import { acceptancePage, type Excuse, rows, rowsOf } from '../scripts/acceptance-page.ts';

const ROOT = new URL('../', import.meta.url);
const excuses = JSON.parse(readFileSync(new URL('docs/acceptance-excuses.json', ROOT), 'utf8')) as Record<
  string,
  Excuse
>;

/** Titles that name rows, as they stand in the sources of the tests. */
function titlesOf(text: string): readonly string[] {
  return [...text.matchAll(/['"`](\[[A-F]\d[A-F\d ,-]*\] [^\n]*)/g)].map((match) => match[1] ?? '');
}

const claimed = new Map<string, readonly string[]>();
for (const file of readdirSync(new URL('test/', ROOT), { recursive: true, encoding: 'utf8' }).sort()) {
  // The titles in this file are made up.
  if (!file.endsWith('.ts') || file === 'acceptance.test.ts') continue;
  for (const row of titlesOf(readFileSync(new URL(`test/${file}`, ROOT), 'utf8')).flatMap(rowsOf))
    claimed.set(row, [...(claimed.get(row) ?? []), file]);
}

test('every row has a test that names it, or a reason why there is none', () => {
  expect(rows.filter((row) => !claimed.has(row) && !excuses[row])).toEqual([]);
});

test('no row that a test names has a reason why there is none', () => {
  expect(Object.keys(excuses).filter((row) => claimed.has(row))).toEqual([]);
});

test('every reason is of a row of the page, in the order of the rows, and says something', () => {
  expect(Object.keys(excuses)).toEqual(rows.filter((row) => excuses[row]));
  for (const { state, reason } of Object.values(excuses)) {
    expect(['later', 'out of scope']).toContain(state);
    expect(reason.split(/\s+/).length).toBeGreaterThan(7);
  }
});

test.each([
  ['[A27 F1] one line', ['A27', 'F1']],
  ['[A47-A51 A82] a range', ['A47', 'A48', 'A49', 'A50', 'A51', 'A82']],
  ['[A68-70] a short range', ['A68', 'A69', 'A70']],
  ['[F4,F8] a comma', ['F4', 'F8']],
  ['[::1]:3306 is an address', []],
  ['no rows', []],
  ['in the middle [A1]', []],
])('%j names the rows %j', (title, expected) => {
  expect(rowsOf(title)).toEqual(expected);
});

const shown = (title: string, passed = true) => ({ file: 'test/x.test.ts', title, passed });
const all = [shown('[A1-A95] all'), shown('[F1-F86] all')];
const LATER: Excuse = { state: 'later', reason: 'a reason' };

test('the page has every row once, and complains of nothing when each has a test', () => {
  const { text, complaints, ...counts } = acceptancePage(all, {});
  expect(complaints).toEqual([]);
  expect(counts).toEqual({ shown: 181, later: 0, outOfScope: 0 });
  expect(text.match(/^\| [AF]\d+ \|/gm)).toEqual(rows.map((row) => `| ${row} |`));
  expect(text).toContain('| A27 | all (`test/x.test.ts`) |');
});

test('a failed test shows nothing, also beside one that passed', () => {
  const { text, complaints, shown: count } = acceptancePage([...all, shown('[A5] broken', false)], {});
  expect(complaints).toEqual(['A5: the test failed: [A5] broken']);
  expect(count).toBe(180);
  expect(text).toContain('**failed** broken');
});

test('a row without test and reason, a reason beside a test, and unknown rows are complained of', () => {
  const results = [shown('[A1-A94 B67] most'), shown('[F1-F86] all')];
  expect(acceptancePage(results, {}).complaints).toEqual(['A95: no test and no reason', 'B67: no such row']);
  const excused = acceptancePage(results.slice(1), { ...Object.fromEntries(rows.map((row) => [row, LATER])) });
  expect(excused.later).toBe(95);
  expect(excused.complaints).toHaveLength(86);
  expect(acceptancePage(all, { G1: LATER }).complaints).toEqual(['G1: no such row']);
});

test('the page does not depend on the order in which tests ended', () => {
  const results = [shown('[A1] z'), shown('[A1] a'), { ...shown('[A1] m'), file: 'test/a.test.ts' }];
  const { text } = acceptancePage(results, {});
  expect(text).toBe(acceptancePage(results.toReversed(), {}).text);
  expect(text).toContain('| A1 | m (`test/a.test.ts`)<br>a; z (`test/x.test.ts`) |');
});

test('of a table of cases the first ones stand for the rest', () => {
  const { text } = acceptancePage(
    ['1', '2', '3', '4', '5'].map((each) => shown(`[A1] case ${each}`)),
    {},
  );
  expect(text).toContain('| A1 | case 1; case 2; case 3; and 2 more (`test/x.test.ts`) |');
});

test('a title cannot break the table', () => {
  const { text } = acceptancePage([shown('[A1] a|b `c` <d>\ne')], {});
  expect(text).toContain('| A1 | a\\|b \\`c\\` &lt;d> e (`test/x.test.ts`) |');
});

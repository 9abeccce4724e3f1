import { readFileSync } from 'node:fs';
import { CASES } from './cases.ts';
import { type KeptResult, parseResults, withResults } from './page.ts';
import { VERDICTS } from './run-case.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('docs/platforms.md ends with what its script makes of the kept results', () => {
  const page = read('platforms.md');
  expect(withResults(page, parseResults(read('platforms.jsonl')))).toBe(page);
});

test('each kept result is of a case, once, with a verdict and a commit', () => {
  const kept = parseResults(read('platforms.jsonl'));
  const names = kept.map((each) => `${each.suite}/${each.case}`);
  expect(new Set(names).size).toBe(names.length);
  for (const each of kept) {
    expect(CASES.map(({ name }) => name)).toContain(each.case);
    expect(VERDICTS).toContain(each.verdict);
    expect(each.commit).toMatch(/^[0-9a-f]{7,}(-dirty)?$/);
  }
});

test('a result is in the column of its suite', () => {
  const [{ name, what } = { name: '', what: '' }] = CASES;
  const result = (change: Partial<KeptResult>): KeptResult => ({
    ...{ commit: 'abc1234', suite: 'trixie', case: name, what, verdict: 'passed', steps: [], ms: 1 },
    ...change,
  });
  const page = withResults('head\n', [
    result({}),
    result({ suite: 'bookworm', verdict: 'failed', steps: ['install'] }),
  ]);
  expect(page).toMatch(/^head\n\n## /);
  expect(page).toContain(`| ${what} | **failed** after: install | passed |`);
});

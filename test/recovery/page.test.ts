import { readFileSync } from 'node:fs';
import { casesOf } from './cases.ts';
import { type KeptResult, parseResults, recoveryPage } from './page.ts';
import { VERDICTS } from './run-case.ts';
import { VARIANT_NAMES, VARIANTS } from './variants.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const kept = parseResults(read('recovery.jsonl'));

test('docs/recovery.md is what its script makes of the kept results', () => {
  expect(read('recovery.md')).toBe(recoveryPage(kept));
});

test('each kept result is of a case, once, with a verdict, a commit and its times', () => {
  const names = kept.map((each) => `${each.variant}/${each.case}`);
  const known = VARIANT_NAMES.flatMap((name) => casesOf(VARIANTS[name]).map((each) => `${name}/${each.name}`));
  expect(names).toEqual(known.filter((name) => names.includes(name)));
  for (const { verdict, commit, phases, web } of kept) {
    expect(VERDICTS).toContain(verdict);
    expect(commit).toMatch(/^[0-9a-f]{7,}(-dirty)?$/);
    expect(phases.every(({ ms, limitMs }) => ms === undefined || ms <= limitMs)).toBe(true);
    expect(web.failed).toBeLessThanOrEqual(web.requests);
  }
});

test('a case that recovered has all its times', () => {
  const recovered = kept.filter(({ verdict }) => verdict === 'recovered');
  for (const { phases } of recovered) expect(phases.filter(({ ms }) => ms === undefined)).toEqual([]);
});

const result = (change: Partial<KeptResult>): KeptResult => ({
  ...{ commit: 'abc1234', variant: 'debian-12', case: 'x', what: 'kill -9 of x', verdict: 'recovered', ms: 1 },
  ...{ phases: [{ what: 'x answers', ms: 4321, limitMs: 10_000 }], web: { requests: 9, failed: 2, longestMs: 540 } },
  ...change,
});

test('the page shows times with their limits, requests, and why a case failed', () => {
  const page = recoveryPage([
    result({}),
    result({
      variant: 'debian-13',
      what: 'y|z',
      verdict: 'failed',
      phases: [{ what: 'y answers', limitMs: 5000 }],
      detail: 'y: not\nwithin 5 s',
    }),
    result({ remark: 'As it should be.' }),
  ]);
  expect(page).toContain('2 of 3 cases recovered (commit abc1234)');
  expect(page).toContain('| kill -9 of x | x answers 4.3 (10) | 2 of 9 | 0.5 | recovered |');
  expect(page).toContain('| y\\|z | y answers not (5) | 2 of 9 | 0.5 | failed |');
  expect(page).toContain('- **y\\|z (Debian 13).** y: not within 5 s');
  expect(page).toContain('- **kill -9 of x.** As it should be.');
  expect(page.match(/^## .*/gm)).toEqual(['## Debian 12', '## Debian 13', '## Remarks']);
});

import { readFileSync } from 'node:fs';
import { type FixedResult, faultsPage, type KeptResult, parseResults } from './page.ts';
import { VERDICTS } from './run-case.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const kept = parseResults(read('faults.jsonl'));
const fixed = parseResults<FixedResult>(read('faults-fixed.jsonl'));

test('docs/faults.md is what its script makes of the kept results', () => {
  expect(read('faults.md')).toBe(faultsPage(kept, fixed));
});

test('each case is once in the kept results, with a verdict and its run', () => {
  const names = kept.map((each) => each.case);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  for (const { verdict, commit, seed, ms } of kept) {
    expect(VERDICTS).toContain(verdict);
    expect(commit).toMatch(/^[0-9a-f]{7,}(-dirty)?$/);
    expect(Number.isInteger(seed) && ms >= 0).toBe(true);
  }
});

test('a fixed result did not hold, and says why', () => {
  for (const { verdict, fixed: how } of fixed) {
    expect(verdict).not.toBe('passed');
    expect(how).toMatch(/\w{3}/);
  }
});

const result = (change: Partial<KeptResult>): KeptResult => ({
  ...{ commit: 'abc1234', seed: 1, case: 'up/http/root/command-1/exit', operation: 'up', where: 'command' },
  ...{ fault: 'exit', step: 'id', verdict: 'passed', ms: 1 },
  ...change,
});

test('the page counts by operation and fault, and names what did not hold', () => {
  const page = faultsPage([
    result({ message: 'change-failed' }),
    result({ case: 'x', verdict: 'stranded' }),
    result({
      case: 'down/http/operator/agent/request-1/429',
      operation: 'down',
      where: 'request',
      fault: '429',
      verdict: 'lost',
    }),
    result({ case: 'z', verdict: 'unreached' }),
  ]);
  expect(page).toContain(
    '3 cases, 1 of them with the agent, and 0 walks (commit abc1234, seed 1): 1 passed, 1 stranded, 1 lost connections, 0 failed',
  );
  expect(page).toContain('| exit 1 | 1 of 2 |  |  |  |  |');
  expect(page).toContain('| answer 429 |  |  | 0 of 1 |  |  |');
  expect(page).toContain('| `x` | id | stranded |');
  expect(page).toContain('| `change-failed` | 1 |');
});

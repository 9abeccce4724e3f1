import { readFileSync } from 'node:fs';
import { MESH_CHECKS, NAMESPACE_CHECKS } from '../../src/checks/mesh/mesh-checks.ts';
import { LASTING_CHECKS, LOGIN_CHECK, VM_CHECKS } from '../../src/checks/vm/vm-checks.ts';
import { CASES } from './cases.ts';
import { commandsOf } from './hint.ts';
import { type KeptResult, parseResults, withResults } from './page.ts';
import { VERDICTS } from './run-case.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const kept = parseResults(read('broken.jsonl'));

test('the last part of docs/checks.md is what its script makes of the kept results', () => {
  expect(read('checks.md')).toBe(withResults(read('checks.md'), kept));
});

test('each kept result is of a case, once, with a verdict and a commit', () => {
  const names = kept.map((each) => `${each.variant}/${each.case}`);
  expect(new Set(names).size).toBe(names.length);
  expect(kept.filter((each) => !CASES.some(({ name }) => name === each.case))).toEqual([]);
  for (const { verdict, commit, typed, person } of kept) {
    expect(VERDICTS).toContain(verdict);
    expect(commit).toMatch(/^[0-9a-f]{7,}(-dirty)?$/);
    if (verdict === 'fixed') expect(typed).toMatch(/^(kubectl|meshx|istioctl|ssh|echo) /);
    if (verdict === 'person') expect(person).toMatch(/\w+ \w+/);
  }
});

test('each case has a name of its own and expects checks that exist', () => {
  const checks = [...MESH_CHECKS, ...NAMESPACE_CHECKS, ...VM_CHECKS, ...LASTING_CHECKS, LOGIN_CHECK];
  const ids: readonly string[] = checks.map(({ id }) => id);
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
  expect(CASES.flatMap(({ expected }) => expected).filter((id) => !ids.includes(id))).toEqual([]);
});

test.each([
  ['Turn it on: kubectl set env deployment/istiod A=true', ['kubectl set env deployment/istiod A=true']],
  [
    "Look at it: ssh db1 'systemctl status istio; tail x'; if it lost its identity: meshx rejoin db1 -n vm",
    ["ssh db1 'systemctl status istio; tail x'", 'meshx rejoin db1 -n vm'],
  ],
  [
    'Require it: echo \'{"a":1}\' | kubectl apply -f -; or accept it: you decide',
    ['echo \'{"a":1}\' | kubectl apply -f -'],
  ],
  ['Rotate it: https://example.com/kubectl x', []],
])('the commands of %j', (hint, commands) => {
  expect(commandsOf(hint)).toEqual(commands);
});

test('the table shows the command of a hint, or why a person decides, and what failed', () => {
  const result = (change: Partial<KeptResult>): KeptResult => ({
    ...{ commit: 'abc1234', variant: 'debian-12', case: 'x', what: 'x is gone', expected: ['rights'], seen: [] },
    ...{ verdict: 'fixed', typed: 'kubectl get x | cat', ms: 1 },
    ...change,
  });
  const { typed: _unused, ...untyped } = result({
    case: 'y',
    what: 'y|z',
    verdict: 'person',
    person: 'y may be meant',
  });
  const page = withResults('# Checks\n', [result({}), result({ variant: 'debian-13', verdict: 'failed' }), untyped]);
  expect(page).toMatch(/^# Checks\n\n## Broken on purpose\n/);
  expect(page).toContain('2 of 3 runs of 2 cases did so, on Debian 12, Debian 13 (commit abc1234)');
  expect(page).toContain('| x is gone | `rights` | typed: `kubectl get x \\| cat` | named, repaired | **failed** |');
  expect(page).toContain('| y\\|z | `rights` | a person decides: y may be meant | named |  |');
  expect(withResults(page, [])).not.toContain('x is gone');
});

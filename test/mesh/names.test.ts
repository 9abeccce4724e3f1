import fc from 'fast-check';
import { collect, collectAll } from '../../src/mesh/collect.ts';
import { parseAnnotations, parseLabelKey, parseLabels, parseLabelValue } from '../../src/mesh/labels.ts';
import { parseName } from '../../src/mesh/names.ts';
import { hostileText, outcome, problemOf, RUNS } from './support.ts';

const HOSTILE = [
  'a;b',
  'a\nb',
  '$(x)',
  'x'.repeat(300),
  'MySQL',
  '',
  '-a',
  'a-',
  'a..b',
  '../x',
  'a b',
  '`id`',
  'ä',
  'a\u0000b',
];

test.each(HOSTILE)('%j is no name of anything', (text) => {
  for (const kind of ['service', 'namespace', 'serviceAccount', 'group', 'revision', 'label', 'subdomain'] as const)
    expect(problemOf(() => parseName(text, kind)).id).toBe('bad-name');
});

test('the message shows the text without control characters, cut to 80, and the accepted form', () => {
  const { message, hint } = problemOf(() => parseName(`a\u001b[31m\u0085\n${'b'.repeat(300)}`, 'service'));
  // The 80 characters shown are those of the text; their escapes are longer.
  expect(message).toBe(
    `"a\\u001b[31m\\u0085\\n${'b'.repeat(72)}…" is not a Service name: at most 63 lower-case letters, digits and "-", beginning with a letter and not ending with "-".`,
  );
  expect(hint).toMatch(/^Give a Service name: /);
});

test('names of the walkthrough are names', () => {
  expect(parseName('mysqldb', 'service')).toBe('mysqldb');
  expect(parseName('vm', 'namespace')).toBe('vm');
  expect(parseName('1-29-1', 'revision')).toBe('1-29-1');
  expect(parseName('db.team-a', 'serviceAccount')).toBe('db.team-a');
});

test('a Service begins with a letter, other names may begin with a digit', () => {
  expect(problemOf(() => parseName('1mysql', 'service')).id).toBe('bad-name');
  expect(parseName('1mysql', 'group')).toBe('1mysql');
});

test('names end at 63 characters, subdomains at 253', () => {
  expect(parseName('a'.repeat(63))).toHaveLength(63);
  expect(problemOf(() => parseName('a'.repeat(64))).id).toBe('bad-name');
  expect(parseName(Array(4).fill('a'.repeat(60)).join('.'), 'subdomain')).toHaveLength(243);
});

test('a parsed name is safe in a shell, a path and YAML', () => {
  fc.assert(
    fc.property(hostileText('mysqldb', 'istio-system', 'a.b.c'), (text) => {
      const result = outcome(() => parseName(text, 'subdomain'));
      if ('problem' in result) expect(result.problem.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
      else expect(result.value).toMatch(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
    }),
    RUNS,
  );
});

test('labels and annotations are lists of key=value', () => {
  expect(parseLabels(['app=db,tier=back', 'x'])).toEqual({ app: 'db', tier: 'back', x: '' });
  expect(parseLabels([])).toEqual({});
  expect(parseAnnotations(['example.com/note=a=b $(x)'])).toEqual({ 'example.com/note': 'a=b $(x)' });
});

test('all bad labels are named at once', () => {
  const problem = problemOf(() => parseLabels(['a b=c', 'ok=yes', 'k=v v', '/x=1', 'UPPER.example/x=1']));
  expect(problem.id).toBe('bad-input');
  expect(problem.issues).toHaveLength(4);
});

test('every text is a label key, a label value, or a Problem', () => {
  fc.assert(
    fc.property(hostileText('app', 'service.meshx.dev/mysqldb', 'a/b/c'), (text) => {
      const key = outcome(() => parseLabelKey(text));
      const value = outcome(() => parseLabelValue(text));
      if ('value' in key) expect(key.value).toMatch(/^[A-Za-z0-9_./-]{1,317}$/);
      if ('value' in value) expect(value.value).toMatch(/^[A-Za-z0-9_.-]{0,63}$/);
    }),
    RUNS,
  );
});

test('collect gives the results in their places', () => {
  const [name, port] = collect([() => parseName('vm'), () => 3306]);
  expect([name, port]).toEqual(['vm', 3306]);
});

test('collect throws one Problem unchanged, and several as one with all issues', () => {
  expect(problemOf(() => collect([() => parseName('a;b'), () => 1])).id).toBe('bad-name');
  const both = problemOf(() =>
    collect([() => parseName('a;b'), () => collectAll(['A', 'B'], (text) => parseName(text))]),
  );
  expect(both.id).toBe('bad-input');
  expect(both.issues.map((issue) => issue.slice(0, 5))).toEqual(['"a;b"', '"A" i', '"B" i']);
});

test('collect rethrows a bug', () => {
  const bug = () => {
    throw new TypeError('a bug');
  };
  expect(() => collect([bug, () => parseName('A')])).toThrow(TypeError);
});

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { editEnv } from '../../../src/reconcile/kinds/env.ts';
import { formatAssignment } from '../../../src/reconcile/kinds/env-text.ts';

const edit = (text: string, set: Record<string, string>, remove: readonly string[] = []): string =>
  editEnv(text, { path: '/etc/x.env', set, remove });

/** What a POSIX shell reads out of each of the texts: the values of the keys. */
function shellReads(texts: readonly string[], keys: readonly string[]): readonly string[][] {
  const shows = keys.map((key) => `printf '%s\\0' "\${${key}-unset}"`).join('\n');
  const script = texts.map((text) => `unset ${keys.join(' ')}\nset -a\n${text}\nset +a\n${shows}`).join('\n');
  const words = execFileSync('sh', ['-s'], { input: script, encoding: 'utf8' }).split('\0').slice(0, -1);
  return texts.map((_, index) => words.slice(index * keys.length, (index + 1) * keys.length));
}

/** EnvironmentFile= as systemd reads one line, both before and after version 240 for what meshx writes. */
function systemdReads(line: string): string {
  const raw = line.slice(line.indexOf('=') + 1);
  return raw.startsWith('"') ? raw.slice(1, -1).replace(/\\([\\"$`])/g, '$1') : raw;
}

const value = fc
  .string({ unit: 'grapheme-ascii', maxLength: 20 })
  .filter((text) => !/[\0-\x08\x0a-\x1f\x7f]/.test(text));
const key = fc.constantFrom('A', 'B', 'ISTIO_INBOUND_PORTS', 'ISTIO_SERVICE_CIDR');
const otherLine = fc.constantFrom(
  ...[
    '# a comment',
    '',
    '#A=1',
    '; not for a shell',
    'OTHER=1',
    "OTHER='a b'",
    'export OTHER=2',
    '  # indented',
    'XA=3',
  ],
);
const ownLine = fc.constantFrom(
  ...[
    'A=1',
    'export A=old',
    "A='old one'",
    'A="x y" # why',
    'A=1 B=2',
    'A=1; B=2',
    'B=\\\nnext',
    'B="two\nlines"',
    '  B=3',
    'A=',
  ],
);
const text = fc
  .array(fc.oneof(otherLine, ownLine), { maxLength: 8 })
  .chain((lines) => fc.boolean().map((end) => lines.join('\n') + (end && lines.length > 0 ? '\n' : '')));

test('keys are added behind what is there, and the rest of the file stays', () => {
  const before = '# ISTIO_INBOUND_PORTS=3306\n# by hand\nISTIO_LOG=1\n';
  const after = edit(before, { ISTIO_INBOUND_PORTS: '3306,8080', ISTIO_SERVICE: 'mysqldb' });
  expect(after).toBe(`${before}ISTIO_INBOUND_PORTS=3306,8080\nISTIO_SERVICE=mysqldb\n`);
});

test.each([
  ['A=old\nB=2\n', 'A=new\nB=2\n'],
  ['export A=old\n', 'A=new\n'],
  ['  A="old one"\n', 'A=new\n'],
  ["A='old'\nA=older\nC=1\nA=oldest", 'A=new\nC=1\n'],
  ['A=old # why\n', '# why\nA=new\n'],
  ['A=old B=2\n', 'A=new\nB=2\n'],
  ['B=2; A=old\n', 'B=2\nA=new\n'],
  ['A="two\nlines"\nC=1\n', 'A=new\nC=1\n'],
  ['A=$(date +%s)\n', 'A=new\n'],
  ['A=1 some command\n', 'A=1 some command\nA=new\n'],
  ['', 'A=new\n'],
  ['C=1', 'C=1\nA=new\n'],
])('a value is replaced where it stands: %j', (before, after) => {
  expect(edit(before, { A: 'new' })).toBe(after);
});

test.each(['A=new', 'A="new"\n', "A='new'\n# end\n"])(
  'what both readers read as wanted is left alone: %j',
  (before) => {
    expect(edit(before, { A: 'new' })).toBe(before);
  },
);

test('a removed key goes with all its assignments; its comments stay', () => {
  expect(edit('# on A\nA=1\nB=2 A=3\nexport A=4\nC=5\n', {}, ['A'])).toBe('# on A\nB=2\nC=5\n');
});

test('a value that needs quotes gets the ones that a shell and systemd read alike', () => {
  expect(formatAssignment('A', 'a "b" $c `d` \\e')).toBe('A="a \\"b\\" \\$c \\`d\\` \\\\e"');
});

test.each([
  ['A\nB', 'x'],
  ['a b', 'x'],
  ['A', 'x\ny'],
  ['A', 'x\0'],
])('key %j with value %j is refused', (name, bad) => {
  expect(() => edit('', { [name]: bad })).toThrow(expect.objectContaining({ id: 'env-value-invalid' }));
});

test('a second edit changes nothing, whatever the file holds', () => {
  const property = fc.property(text, fc.dictionary(key, value), (before, set) => {
    const once = edit(before, set);
    expect(edit(once, set)).toBe(once);
  });
  fc.assert(property, { numRuns: 500 });
});

test('every comment and every other key stays in its order', () => {
  const others = (each: string) =>
    each.split('\n').filter((line) => /^\s*#|^;|OTHER|^XA/.test(line) && !line.includes('why'));
  const property = fc.property(text, fc.dictionary(key, value), (before, set) => {
    expect(others(edit(before, set))).toEqual(others(before));
  });
  fc.assert(property, { numRuns: 500 });
});

test('what a shell and systemd read back is what was set', () => {
  const cases = fc.sample(
    fc.tuple(
      text.filter((each) => !each.includes(';')),
      value,
    ),
    2000,
  );
  const edited = cases.map(([before, set]) => edit(before, { A: set }));
  expect(shellReads(edited, ['A'])).toEqual(cases.map(([, set]) => [set]));
  for (const [, set] of cases) expect(systemdReads(formatAssignment('A', set))).toBe(set);
});

test.each([
  ['D=a\\', 'D=a\\\n\nA=1\n'],
  ['D=a\\\n', 'D=a\\\n\nA=1\n'],
  ['D=a\\\\', 'D=a\\\\\nA=1\n'],
  ['D=a\\\nb\n', 'D=a\\\nb\nA=1\n'],
])('a backslash at the end of %j does not take the new line for its own', (text, expected) => {
  expect(edit(text, { A: '1' })).toBe(expected);
  expect(shellReads([edit(text, { A: '1' })], ['A'])).toEqual([['1']]);
});

test('brackets that are never closed are read once, however deep they are', () => {
  const deep = `${'B=$(x '.repeat(20_000)}\n`;
  expect(edit(deep, { A: '1' })).toBe(`${deep}A=1\n`);
  expect(edit('B=$(a $(b "x)" c) d)\nA=0\n', { A: '1' })).toBe('B=$(a $(b "x)" c) d)\nA=1\n');
});

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { editEnv } from '../../../src/reconcile/kinds/env.ts';
import { plainForms } from '../../../src/reconcile/kinds/env-forms.ts';
import { readEnvironmentFile } from '../../../src/reconcile/kinds/environment-file.ts';

test.each([
  ['export A=1', 'A=1'],
  ['export A="x y"', 'A="x y"'],
  ['A=10.0.0.0/8,\\\n172.16.0.0/12', 'A=10.0.0.0/8,172.16.0.0/12'],
  ['A=1 # why', '# why\nA=1'],
  ['A=1; B=2', 'A=1\nB=2'],
  ['A=1 B=2', 'A=1\nB=2'],
  ['A=x"y z"', 'A="xy z"'],
  ['A=1\r', 'A=1'],
  ['\uFEFFA=1', 'A=1'],
  ['A="\\$HOME"', 'A="\\$HOME"'],
])('%j becomes %j', (from, to) => {
  expect(plainForms(`${from}\n`)).toMatchObject({ text: `${to}\n`, issues: [] });
});

test.each(['# A=1', 'A=1', "A='x y'", 'A="x y"', 'A=--a --b', "A='$x'", '; B=1', 'set -a', 'export A', ''])(
  '%j stays',
  (line) => {
    expect(plainForms(`${line}\n`)).toEqual({ text: `${line}\n`, rewritten: [], issues: [] });
  },
);

test.each([
  'A=$(id)',
  'A=`id`',
  'A="$B"',
  'A=${B:-1}',
  'A=~/x',
  'export A=$B',
  'A=$((1+1))',
  'A="x\ny"',
  'A=1; B=$(id)',
  "A=$'x'",
])('%j is named with its line', (line) => {
  const { issues } = plainForms(`# first\n${line}\nZ=1\n`);
  expect(issues).toEqual([{ line: 2, key: 'A', reason: expect.any(String) }]);
});

const EXPANDS = 'it has a variable, a command or another form that only a shell expands';

test.each<[string, readonly { readonly line: number; readonly key?: string; readonly reason: string }[]]>([
  ['A=$B\n', [{ line: 1, key: 'A', reason: EXPANDS }]],
  ['A=1 B=$(id)\n', [{ line: 1, key: 'A', reason: `behind it: ${EXPANDS}` }]],
  ['\nA="x\ny"\n', [{ line: 2, key: 'A', reason: 'its value contains a line break or another control character' }]],
  [
    'A=1\nhostname\n\nB=$C\n',
    [
      { line: 2, reason: 'it is not KEY=value, and nothing else is read' },
      { line: 4, key: 'B', reason: EXPANDS },
    ],
  ],
  ['A = $B\n', [{ line: 1, key: 'A', reason: EXPANDS }]],
  ['A = `id`\n', [{ line: 1, key: 'A', reason: EXPANDS }]],
  ['A = 1\n', []],
  ['A=1\nx', [{ line: 2, reason: 'it is not KEY=value, and nothing else is read' }]],
  ['A=1:~/x\n', [{ line: 1, key: 'A', reason: EXPANDS }]],
  ['A=x~\n', []],
  ['A=(1)\n', [{ line: 1, key: 'A', reason: EXPANDS }]],
  ['A=1|x\n', [{ line: 1, key: 'A', reason: EXPANDS }]],
  ['export A B\nset +a\n  # x\n', []],
  ['export\n', [{ line: 1, reason: 'it is not KEY=value, and nothing else is read' }]],
  ['set -ax\n', [{ line: 1, reason: 'it is not KEY=value, and nothing else is read' }]],
  ['x # y\n', [{ line: 1, reason: 'it is not KEY=value, and nothing else is read' }]],
])('%j: each line that only a shell reads right has its number, key and reason', (text, issues) => {
  expect(plainForms(text).issues).toEqual(issues);
});

test('the keys that are rewritten are named, and those that stay are not', () => {
  expect(plainForms('export A=1\nB=2\nC=1 # c\nD=x"y"\n')).toEqual({
    text: 'A=1\nB=2\n# c\nC=1\nD=xy\n',
    ...{ rewritten: ['A', 'C', 'D'], issues: [] },
  });
});

test.each([
  ['A=a\\ b\\\nc\n', 'A="a bc"\n'],
  ['A="a\\\nb"\n', 'A=ab\n'],
  ['A="a\\xb"\n', 'A="a\\xb"\n'],
  ["A='a'\\''b'\n", 'A="a\'b"\n'],
  ['A=a\\$b\n', 'A=a\\$b\n'],
  ['A=1;B="x y" # z\n', 'A=1\n# z\nB="x y"\n'],
  ['A=\n', 'A=\n'],
  ['A=1\r\nB=2\r', 'A=1\nB=2\n'],
])('%j becomes %j', (from, to) => {
  expect(plainForms(from).text).toBe(to);
});

test.each(['. /etc/default/x', 'if true; then', 'hostname', 'unset X', 'source y', 'echo $A'])(
  '%j is named as no assignment',
  (line) => {
    expect(plainForms(`A=1\n\n${line}\n`).issues).toEqual([
      { line: 3, reason: expect.stringContaining('not KEY=value') },
    ]);
  },
);

const PIECES = [
  'A',
  'B',
  '=',
  '1',
  ' ',
  '\t',
  '\n',
  '\\',
  "'",
  '"',
  '#',
  ';',
  '$',
  '`',
  'x,y',
  'export ',
  '\r',
  '(',
  ')',
  '~',
  '*',
];
const TEXT = fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map((parts) => parts.join(''));

test('the program on the VM and meshx read the same file alike', () => {
  const program = new URL('../../../systemd/settings.awk', import.meta.url).pathname;
  // One process reads all: a line with only \u0001 ends a file. No text has the name END.
  const texts = ["A='", "A='1\n", 'A="\\', 'A=\\', 'A=1 ', ...fc.sample(TEXT, { numRuns: 2000 })];
  const input = texts.map((text) => `${text}\n\u0001\nEND=1\n\u0001\n`).join('');
  const read = execFileSync('awk', ['-f', program], { input, encoding: 'utf8' }).split('END=1\n');
  const expected = texts.map((text) =>
    readEnvironmentFile(text)
      .filter(([key, value]) => /^[A-Za-z_]\w*$/.test(key) && !/[\0-\x08\x0b-\x1f]/.test(value))
      .map(([key, value]) => `${key}=${value.replaceAll('\n', '\u0001')}\n`)
      .join(''),
  );
  expect(texts.map((text, index) => [text, read[index]])).toEqual(texts.map((text, index) => [text, expected[index]]));
  expect(read).toHaveLength(texts.length + 1);
});

test('where nothing is named, systemd reads in the new text what a shell read in the old one', () => {
  const NAMES = ['A', 'B', 'AB', 'BA', 'AA', 'BB', 'A1', 'B1'];
  const ask = NAMES.map((name) => `printf '%s=%s\\0' ${name} "\${${name}-}"`).join('\n');
  const VALUE = fc.array(
    fc.constantFrom('1', 'x,y', 'B', "'a b'", '"a b"', '"a\\"b"', '\\ ', '#', "'$x'", '\\\n', '"\\$"'),
    { maxLength: 4 },
  );
  const LINE = fc
    .tuple(
      fc.constantFrom('', 'export ', '  '),
      fc.constantFrom(...NAMES),
      VALUE,
      fc.constantFrom('', ' # c', '; B=2', ' A=3', ' '),
    )
    .map(([before, name, value, after]) => `${before}${name}=${value.join('')}${after}\n`);
  const texts = fc
    .sample(fc.array(LINE, { maxLength: 4 }), { numRuns: 2000 })
    .map((lines) => lines.join(''))
    .filter((text) => plainForms(text).issues.length === 0);
  expect(texts.length).toBeGreaterThan(1000);
  // One process for all texts: \001 is in none of them.
  const each = `for text; do unset ${NAMES.join(' ')}; eval "$text"\n${ask}; printf '\\001'; done`;
  const shell = execFileSync('/bin/sh', ['-c', each, 'sh', ...texts], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).split('\u0001');
  const systemd = texts.map((text) => {
    const read = new Map(readEnvironmentFile(plainForms(text).text));
    return NAMES.map((name) => `${name}=${read.get(name) ?? ''}\0`).join('');
  });
  expect(texts.map((text, index) => [text, shell[index]])).toEqual(texts.map((text, index) => [text, systemd[index]]));
});

test('what is rewritten is a fixed point', () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      const { text: plain, issues } = plainForms(text);
      if (issues.length === 0) expect(plainForms(plain)).toEqual({ text: plain, rewritten: [], issues: [] });
    }),
    { numRuns: 500 },
  );
});

test('the file of sidecar settings gets plain forms with its keys, and any other env file keeps its own', () => {
  const text = 'export A=1\nB=2\n';
  expect(editEnv(text, { path: '/x', set: { B: '3' }, plain: true })).toBe('A=1\nB=3\n');
  expect(editEnv(text, { path: '/x', set: { B: '3' } })).toBe('export A=1\nB=3\n');
});

import { type Assignment, assignments, formatAssignment, isEnvValue } from '../../../src/reconcile/kinds/env-text.ts';

/** Each assignment: its raw text, its value, then what is behind it. */
const found = (text: string) =>
  assignments(text).map(({ raw, value, comment, rest }: Assignment) => [
    ...[raw.replace(/^\s+/, ''), value ?? null],
    ...(comment === '' ? [] : [comment]),
    ...(rest === '' ? [] : [`then ${rest}`]),
  ]);

test.each<[string, readonly (readonly (string | null)[])[]]>([
  ['', []],
  ['A', []],
  ['1A=1', []],
  ['A-B=1', []],
  ['# A=1', []],
  ['A=', [['A=', '']]],
  ['A=1', [['A=1', '1']]],
  [
    'A=1\n\nB=2\n',
    [
      ['A=1', '1'],
      ['B=2', '2'],
    ],
  ],
  ['x\nA=1', [['A=1', '1']]],
  [' \tA_1=1', [['A_1=1', '1']]],
  ['A=a@%+=:,./-b', [['A=a@%+=:,./-b', 'a@%+=:,./-b']]],
  ['A=a*b', [['A=a*b', null]]],
  ['export A=1', [['export A=1', null]]],
  ['export\tA=1', [['export\tA=1', null]]],
  ['exportA=1', [['exportA=1', '1']]],
  ['A=1 # why', [['A=1', null, '# why']]],
  ['A=1  \t# why ', [['A=1', null, '# why']]],
  ['A=1# b', []],
  ['A=1#b', [['A=1#b', null]]],
  ['A=1 ', [['A=1', '1']]],
  ['A=1;', [['A=1', '1']]],
  ['A=1 B=2', [['A=1', null, 'then B=2']]],
  ['A=1; B=2', [['A=1', null, 'then B=2']]],
  ['A=1;  B=2;C=3 # x', [['A=1', null, 'then B=2;C=3 # x']]],
  ['A=1 B=2  ;; C=3', [['A=1', null, 'then B=2  ;; C=3']]],
  ['A=1 command', []],
  ['A=1 B=2 command', []],
  ['A=1 B=2; command', []],
  ['A=1 B=2 # command', [['A=1', null, 'then B=2 # command']]],
  ["A='a b'", [["A='a b'", 'a b']]],
  ["A='a\"b'", [["A='a\"b'", 'a"b']]],
  ["A='a\\b'", [["A='a\\b'", null]]],
  ["A='a\nb'", [["A='a\nb'", null]]],
  ["A=''", [["A=''", '']]],
  ["A='a'b", [["A='a'b", null]]],
  ["A=b'a'", [["A=b'a'", null]]],
  ['A="a b"', [['A="a b"', 'a b']]],
  ['A=""', [['A=""', '']]],
  ['A="a"b', [['A="a"b', null]]],
  ['A=b"a"', [['A=b"a"', null]]],
  ['A="a""b"', [['A="a""b"', null]]],
  ['A="$B"', [['A="$B"', null]]],
  ['A="`id`"', [['A="`id`"', null]]],
  ['A="a\nb"', [['A="a\nb"', null]]],
  ['A="a\\"b\\\\c\\$d\\`e"', [['A="a\\"b\\\\c\\$d\\`e"', 'a"b\\c$d`e']]],
  ['A="\\a"', [['A="\\a"', null]]],
  ['A="a\\\nb"', [['A="a\\\nb"', null]]],
  ['A="\\""b', [['A="\\""b', null]]],
  ['A=b"\\""', [['A=b"\\""', null]]],
  ['A=a\\ b', [['A=a\\ b', null]]],
  ['A=a\\;b', [['A=a\\;b', null]]],
  [
    'A=a\\\nb\nC=1',
    [
      ['A=a\\\nb', null],
      ['C=1', '1'],
    ],
  ],
  ['A=a\\', [['A=a\\', null]]],
  ['A=`x y`', [['A=`x y`', null]]],
  ['A=`x \\` y`', [['A=`x \\` y`', null]]],
  ['A=$(x y)', [['A=$(x y)', null]]],
  ['A=$(x $(y z) w) B=1', [['A=$(x $(y z) w)', null, 'then B=1']]],
  ['A=$(x ")" y) B=1', [['A=$(x ")" y)', null, 'then B=1']]],
  ["A=$(x ')' y) B=1", [["A=$(x ')' y)", null, 'then B=1']]],
  ['A=$(x \\) y) B=1', [['A=$(x \\) y)', null, 'then B=1']]],
  ['A=$(x (y z) w', []],
  ['A=$(x\ny) B=1', [['A=$(x\ny)', null, 'then B=1']]],
  [
    'A=$(x y\nC=1',
    [
      ['A=$(x y', null],
      ['C=1', '1'],
    ],
  ],
  [
    'A=$(x "y\nC=1',
    [
      ['A=$(x "y', null],
      ['C=1', '1'],
    ],
  ],
  [
    'A="x y\nC=1',
    [
      ['A="x y', null],
      ['C=1', '1'],
    ],
  ],
  [
    "A='x y\nC=1",
    [
      ["A='x y", null],
      ['C=1', '1'],
    ],
  ],
  [
    'A=`x y\nC=1',
    [
      ['A=`x y', null],
      ['C=1', '1'],
    ],
  ],
  ['A=$x B=1', [['A=$x', null, 'then B=1']]],
  ['A=x(y B=1', [['A=x(y', null, 'then B=1']]],
  ['A=$ (x) B=1', []],
  ['A="a b"c\'d e\'f\\ g B=1', [['A="a b"c\'d e\'f\\ g', null, 'then B=1']]],
])('%j', (text, expected) => {
  expect(found(text)).toEqual(expected);
});

test('positions are those of the whole text', () => {
  const text = '# x\n  export A="two\nlines" # why\nB=1';
  const places = assignments(text).map(({ key, start, end }) => [key, text.slice(start, end)]);
  expect(places).toEqual([
    ['A', '  export A="two\nlines" # why'],
    ['B', 'B=1'],
  ]);
});

test.each([
  ['a', true],
  ['a\tb', true],
  ['', true],
  ['é', true],
  ['a\nb', false],
  ['a\0', false],
  ['\x08', false],
  ['\x1f', false],
  ['\x7f', false],
  ['\r', false],
])('%j can be a value: %s', (value, can) => {
  expect(isEnvValue(value)).toBe(can);
});

test('only a value that needs quotes has some', () => {
  expect(['', 'a-b', 'a b', 'a"b', '#'].map((value) => formatAssignment('A', value))).toEqual([
    ...['A=', 'A=a-b', 'A="a b"', 'A="a\\"b"', 'A="#"'],
  ]);
});

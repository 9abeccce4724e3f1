import { directory } from '../../../src/reconcile/kinds/directory.ts';
import { editKind, textOf } from '../../../src/reconcile/kinds/edit.ts';
import { enabled } from '../../../src/reconcile/kinds/enabled.ts';
import { env } from '../../../src/reconcile/kinds/env.ts';
import { file, type FileWant } from '../../../src/reconcile/kinds/file.ts';
import { hosts } from '../../../src/reconcile/kinds/hosts.ts';
import { keptFile } from '../../../src/reconcile/kinds/kept-file.ts';
import { joinLines, line, splitLines } from '../../../src/reconcile/kinds/line.ts';
import { sameOwner, sameOwnerAndMode } from '../../../src/reconcile/kinds/owner.ts';
import type { Change, Kind } from '../../../src/reconcile/kind.ts';
import { sha256 } from '../../../src/reconcile/sha256.ts';

const answer = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });
const shown = (changes: readonly Change[]) =>
  changes.map(({ summary, scripts }) => [
    summary,
    ...scripts.map(({ script: { name, args }, stdin }) => [
      [name, ...args].join(' '),
      ...(stdin === undefined ? [] : [stdin]),
    ]),
  ]);
/** What a kind changes, given the answer of its probe. */
const changesOf = <Want>(kind: Kind<Want>, want: Want, stdout: string, touched: readonly string[] = []) =>
  shown(kind.changes(want, answer(stdout), new Set(touched)));

const FILE: FileWant = { kind: 'file', path: '/etc/a', content: 'x\n', owner: 'root:root', mode: '0644' };
const DIGEST = sha256('x\n');
const written = (summary: string) => [summary, [`file-write root:root 0644 ${DIGEST} /etc/a`, 'x\n']];
const owned = ['set owner root:root and mode 0644 of /etc/a', ['own root:root 0644 /etc/a']];

test.each<[string, string, readonly unknown[]]>([
  ['is as it must be', `root:root 0644\n${DIGEST}\n`, []],
  ['is absent', '', [written('create /etc/a')]],
  ['has other content', `root:root 0644\n${sha256('y\n')}\n`, [written('replace /etc/a')]],
  ['has another mode', `root:root 0600\n${DIGEST}\n`, [owned]],
  ['has another owner', `proxy:proxy 0644\n${DIGEST}\n`, [written('set owner root:root and mode 0644 of /etc/a')]],
  ['has other content and another mode', `root:root 0600\n${sha256('y\n')}\n`, [written('replace /etc/a')]],
])('a file that %s', (_title, stdout, expected) => {
  expect(changesOf(file, FILE, stdout)).toEqual(expected);
});

test('a file that an earlier change may give to another user is written again', () => {
  const want = { ...FILE, after: ['package:p'] };
  const same = `root:root 0644\n${DIGEST}\n`;
  expect(changesOf(file, want, same, ['package:p'])).toEqual([written('set owner root:root and mode 0644 of /etc/a')]);
  expect(changesOf(file, want, same, ['package:q'])).toEqual([]);
  expect(changesOf(file, FILE, same, ['package:p'])).toEqual([]);
});

test('files, directories and kept files are identified, asked for and kept by their paths', () => {
  const at = { path: '/etc/a', owner: 'root', mode: '0644' };
  expect([file.id(FILE), file.probe(FILE)]).toEqual([
    'file:/etc/a',
    { name: 'file', args: ['/etc/a'], sees: '/etc/a' },
  ]);
  expect(file.touches(FILE, answer(''))).toStrictEqual({ paths: ['/etc/a'] });
  expect(file.touches({ ...FILE, makes: ['/run/a'] }, answer(''))).toStrictEqual({
    paths: ['/etc/a'],
    trees: ['/run/a'],
  });
  const folder = { kind: 'directory', ...at } as const;
  expect([directory.id(folder), directory.probe(folder)]).toEqual([
    'directory:/etc/a',
    { name: 'directory', args: ['/etc/a'], sees: '/etc/a' },
  ]);
  expect(directory.touches(folder, answer(''))).toStrictEqual({ paths: ['/etc/a'] });
  expect(directory.touches({ ...folder, contents: 'ours' }, answer(''))).toStrictEqual({
    paths: ['/etc/a'],
    trees: ['/etc/a'],
  });
  const kept = { kind: 'kept-file', ...at } as const;
  expect([keptFile.id(kept), keptFile.probe(kept), keptFile.touches(kept, answer(''))]).toEqual([
    'kept-file:/etc/a',
    { name: 'file', args: ['/etc/a'], sees: '/etc/a' },
    { paths: ['/etc/a'] },
  ]);
});

const FOLDER = { kind: 'directory', path: '/srv/d', owner: 'proxy', mode: '755' } as const;

test.each<[string, string, readonly string[], readonly unknown[]]>([
  ['is as it must be', 'proxy:any 0755\n', [], []],
  ['is absent', '', [], [['create /srv/d', ['directory-create proxy 755 /srv/d']]]],
  ['is something else', 'not a directory\n', [], [['create /srv/d', ['directory-create proxy 755 /srv/d']]]],
  [
    'has another mode',
    'proxy:proxy 0700\n',
    [],
    [['set owner proxy and mode 755 of /srv/d', ['own proxy 755 /srv/d']]],
  ],
  ['has another owner', 'root:root 0755\n', [], [['set owner proxy and mode 755 of /srv/d', ['own proxy 755 /srv/d']]]],
  [
    'is given away',
    'proxy:proxy 0755\n',
    ['package:p'],
    [['set owner proxy and mode 755 of /srv/d', ['own proxy 755 /srv/d']]],
  ],
])('a directory that %s', (_title, stdout, touched, expected) => {
  expect(changesOf(directory, { ...FOLDER, after: ['package:p'] }, stdout, touched)).toEqual(expected);
});

test.each<[string, string, readonly string[], boolean]>([
  ['is as it must be', `root:root 0644\n${DIGEST}\n`, [], false],
  ['is absent', '', [], false],
  ['has another owner', `proxy:proxy 0644\n${DIGEST}\n`, [], true],
  ['is given away', `root:root 0644\n${DIGEST}\n`, ['package:p'], true],
])('a file whose content is kept, and that %s', (_title, stdout, touched, changes) => {
  const want = { kind: 'kept-file', path: '/etc/a', owner: 'root:root', mode: '0644', after: ['package:p'] } as const;
  expect(changesOf(keptFile, want, stdout, touched)).toEqual(
    changes ? [['set owner root:root and mode 0644 of /etc/a', [`file-keep root:root 0644 ${DIGEST} /etc/a`]]] : [],
  );
});

test.each([
  ['root:root 0644', { owner: 'root:root', mode: '0644' }, true, true],
  [' root:root 0644\n', { owner: 'root', mode: '644' }, true, true],
  ['root 0644', { owner: 'root:adm', mode: '0644' }, true, true],
  ['root:root 0644', { owner: 'root:adm', mode: '0644' }, false, false],
  ['root:root 0644', { owner: 'adm:root', mode: '0644' }, false, false],
  ['root:root 0600', { owner: 'root:root', mode: '0644' }, false, true],
  ['root:root', { owner: 'root:root', mode: '0644' }, false, true],
  ['', { owner: 'root', mode: '0644' }, false, false],
])('found %j, wanted %j', (found, wanted, both, owner) => {
  expect([sameOwnerAndMode(found, wanted), sameOwner(found, wanted)]).toEqual([both, owner]);
});

test.each([
  ['enabled', true, undefined],
  ['static', true, undefined],
  ['alias', true, undefined],
  ['generated', true, undefined],
  ['indirect', true, undefined],
  ['disabled', true, 'enable'],
  ['enabled-runtime', true, 'enable'],
  ['', true, 'enable'],
  ['enabled', false, 'disable'],
  ['disabled', false, undefined],
  ['static', false, undefined],
])('a unit that is %j at boot and must be so: %s', (state, isWanted, verb) => {
  const want = { kind: 'enabled', name: 'a.service', enabled: isWanted } as const;
  expect(changesOf(enabled, want, `${state}\n`)).toEqual(
    verb ? [[`${verb} a.service`, [`unit-enable a.service ${verb}`]]] : [],
  );
  expect([enabled.id(want), enabled.probe(want), enabled.touches(want, answer(''))]).toEqual([
    'enabled:a.service',
    { name: 'enabled', args: ['a.service'] },
    { units: ['a.service'] },
  ]);
});

/** The answer about a text file. */
const text = (content: string, ownerAndMode = 'root:root 0644'): string =>
  `${ownerAndMode}\n${sha256(content)}\n${content}`;
const LINE = { kind: 'line', path: '/etc/l', line: 'a.b' } as const;

test('an edit replaces only the text that was read, and names the lines that it replaces', () => {
  expect(changesOf(line, LINE, text('x\n'))).toEqual([
    [
      'put the line "a.b" into /etc/l',
      [`text-write - - ${sha256('x\na.b\n')} /etc/l ${sha256('x\n')} ^a\\.b$`, 'x\na.b\n'],
    ],
  ]);
  expect(changesOf(line, LINE, '')[0]?.[1]).toEqual([`text-write - - ${sha256('a.b\n')} /etc/l - ^a\\.b$`, 'a.b\n']);
  expect(changesOf(line, LINE, text('a.b\n'))).toEqual([]);
});

test('an edit with an owner sets it, also where the text stays', () => {
  const want = { ...LINE, mode: '0750' };
  expect(changesOf(line, want, text('a.b\n', 'root:root 0750'))).toEqual([]);
  expect(changesOf(line, want, text('a.b\n'))[0]?.[1]?.[0]).toContain('text-write root:root 0750');
  const given = { kind: 'env', path: '/e', set: {}, owner: 'proxy', mode: '0644', after: ['package:p'] } as const;
  expect(changesOf(env, given, text('A=1\n', 'proxy:proxy 0644'))).toEqual([]);
  expect(changesOf(env, given, text('A=1\n', 'proxy:proxy 0644'), ['package:p'])).toEqual([
    ['set owner proxy and mode 0644 in /e', [expect.stringContaining('text-write proxy 0644'), 'A=1\n']],
  ]);
});

test('a file that is absent is created for an edit, unless that leaves it empty and no owner is wanted', () => {
  const none = editKind<{ readonly path: string }>({
    ...{ id: ({ path }) => path, path: ({ path }) => path, edit: (now) => now, summary: () => 'edit' },
  });
  expect(changesOf(none, { path: '/x' }, '')).toEqual([]);
  expect(changesOf(none, { path: '/x' }, text(''))).toEqual([]);
  const empty = { kind: 'env', path: '/e', set: {}, owner: 'root', mode: '0600' } as const;
  expect(changesOf(env, empty, '')).toEqual([
    ['set owner root and mode 0600 in /e', [expect.stringMatching(/^text-write root 0600 \S+ \/e - /), '']],
  ]);
});

test('a text that is not UTF-8 is not edited', () => {
  const changed = () => changesOf(line, LINE, `root:root 0644\n${'a'.repeat(64)}\nx\n`);
  expect(changed).toThrow('/etc/l is not UTF-8 text');
  expect(() => textOf(answer(`root:root 0644\n${'a'.repeat(64)}\nx\n`), '/etc/l')).toThrow('not UTF-8');
  expect([textOf(answer(''), '/x'), textOf(answer(text('x\ny\n')), '/x')]).toEqual(['', 'x\ny\n']);
});

test('what an edit leaves is what the next edit of the file finds', () => {
  const expects = (want: Parameters<NonNullable<typeof line.expects>>[0], stdout: string) =>
    line.expects?.(want, answer(stdout)).stdout;
  expect(expects(LINE, text('x\n', 'a:b 0600'))).toBe(text('x\na.b\n', 'a:b 0600'));
  expect(expects(LINE, '')).toBe(text('a.b\n'));
  expect(expects({ ...LINE, mode: '750' }, text('x\n'))).toBe(text('x\na.b\n', 'root:root 0750'));
  expect(line.shared?.(LINE)).toBe('/etc/l');
  expect([line.id(LINE), line.probe(LINE), line.touches(LINE, answer(''))]).toEqual([
    'line:/etc/l:a.b',
    { name: 'text', args: ['/etc/l'], sees: '/etc/l' },
    { paths: ['/etc/l'] },
  ]);
});

test('lines are split and joined with their ends', () => {
  expect(['', 'a', 'a\n', 'a\n\n', '\n'].map(splitLines)).toEqual([[], ['a'], ['a'], ['a', ''], ['']]);
  expect([joinLines([]), joinLines(['a', ''])]).toEqual(['', 'a\n\n']);
});

test('an entry of hosts names its address, and no line that it replaces', () => {
  const want = { kind: 'hosts', address: '10.0.0.1', names: ['a', 'b'] } as const;
  expect(changesOf(hosts, want, text('x\n'))).toEqual([
    [
      'map a and b to 10.0.0.1 in /etc/hosts',
      [expect.stringMatching(/^text-write - - \S+ \/etc\/hosts \S+ $/), 'x\n10.0.0.1 a b # meshx\n'],
    ],
  ]);
  expect(hosts.id(want)).toBe('hosts:a,b');
  expect(hosts.expects?.(want, answer(text('x\n'))).stdout).toBe(text('x\n10.0.0.1 a b # meshx\n'));
});

const ENV = {
  kind: 'env',
  path: '/e',
  set: { A: '1', B: '2' },
  remove: ['C', 'D'],
  owner: 'root',
  mode: '0644',
} as const;
const summaryOf = (want: Parameters<typeof env.id>[0], stdout: string) =>
  env.changes(want, answer(stdout), new Set())[0]?.summary;

test.each([
  ['', 'set A, B in /e'],
  ['A=1\n', 'set B in /e'],
  ['A=1\nB=3\nC=1\n', 'set B and remove C in /e'],
  ['A=1\nB=2\nC=1\nD=1\n', 'remove C, D in /e'],
  ['A=1\nB=2\n', undefined],
])('the summary of %j names the keys that change', (content, summary) => {
  expect(summaryOf(ENV, text(content))).toBe(summary);
});

test('a file in forms of the shell is rewritten, and the summary says so', () => {
  const plain = { ...ENV, set: { A: '1' }, remove: [], plain: true } as const;
  expect(summaryOf(plain, text('export A=1\n'))).toBe('write A in /e without forms of the shell');
  expect(summaryOf(plain, text('A=1\nexport B=2\nX=1 Y=2\n'))).toBe('write B, X in /e without forms of the shell');
  expect(summaryOf(plain, text('A=1\r\n'))).toBe('write the lines in /e without forms of the shell');
  expect(summaryOf(plain, text('export A=2\n'))).toBe('set A in /e');
  expect(summaryOf(ENV, text('A=1\nB=2\n', 'x:x 0644'))).toBe('set owner root and mode 0644 in /e');
});

test('the machine may replace lines of these keys only', () => {
  const [change] = env.changes(ENV, answer(''), new Set());
  expect(change?.scripts[0]?.script.args.at(-1)).toBe('^[[:space:]]*(export[[:space:]]+)?(A|B|C|D)=');
  const { remove: _, ...without } = ENV;
  expect(env.changes(without, answer(''), new Set())[0]?.scripts[0]?.script.args.at(-1)).toContain('(A|B)=');
  expect(env.id(ENV)).toBe('env:/e');
});

test('every key and value that is refused is named', () => {
  const bad = () => env.changes({ ...ENV, set: { 'a b': '1', C: 'x\ny', é: '1' } }, answer(''), new Set());
  expect(bad).toThrow(
    expect.objectContaining({
      issues: [
        '"a b" is not a key: letters, digits and _ only',
        'the value of C contains a line break or another control character',
        '"é" is not a key: letters, digits and _ only',
      ],
    }),
  );
  expect(bad).toThrow('/e');
});

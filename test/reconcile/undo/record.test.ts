import { parseJournal } from '../../../src/reconcile/undo/record.ts';
import { problemOf } from '../../support/problem.ts';

const README = 'meshx undo journal, format 2: the state of each thing before meshx changed it\n';
const parse = (index: string, more: { wrote?: string; readme?: string } = {}) =>
  parseJournal({ host: 'vm', readme: README, wrote: '', index, ...more });

const refused = async (...of: Parameters<typeof parse>) => parse(...of);

test('each form of a line is read', () => {
  const digest = 'a'.repeat(64);
  const { entries, tables, wrote } = parse(
    [
      'tables nft:ip:nat legacy:ip6:filter ',
      "path absent /etc/it's new",
      'path tree-absent /etc/certs',
      'path file root:root 0644 1795253035.824340995 /etc/hosts',
      'path directory root:root 2755 1.5 /etc/a',
      'path link Li4vcnVuL3g= /etc/resolv.conf',
      `path secret ${digest} /run/token`,
      'path other /dev/x',
      'unit a@b\\x2d.service active enabled-runtime',
      'user istio-proxy absent absent',
      'user other present 997',
      'package istio-sidecar 1:2.0~rc1+b-3',
      '',
    ].join('\n'),
    { wrote: `${digest} /etc/hosts\nroot:root=0755 /etc/a\nlink=YQ== /etc/b\n` },
  );
  expect(entries).toMatchObject([
    { path: "/etc/it's new", before: { is: 'absent' } },
    { path: '/etc/certs', before: { is: 'tree-absent' } },
    { path: '/etc/hosts', before: { is: 'file', owner: 'root:root', mode: '0644', mtime: '1795253035.824340995' } },
    { before: { is: 'directory', mode: '2755' } },
    { before: { is: 'link', target: '../run/x' } },
    { before: { is: 'secret', digest } },
    { before: { is: 'other' } },
    { kind: 'unit', name: 'a@b\\x2d.service', active: 'active', enabled: 'enabled-runtime' },
    { kind: 'user', user: 'absent', group: 'absent' },
    { kind: 'user', user: 'present', group: '997' },
    { kind: 'package', version: '1:2.0~rc1+b-3' },
  ]);
  expect(tables).toEqual(['nft:ip:nat', 'legacy:ip6:filter']);
  expect(wrote).toEqual({ '/etc/hosts': [digest], '/etc/a': ['root:root=0755'], '/etc/b': ['link=YQ=='] });
});

test('a journal of format 1 is read, with the odd line that it wrote after a disabled unit', () => {
  const readme = README.replace('format 2', 'format 1');
  const index = 'path secret /etc/certs/key.pem\nunit a.service inactive disabled\n-\nuser istio-proxy absent\n';
  expect(parse(index, { readme })).toMatchObject({
    format: 1,
    entries: [
      { before: { is: 'secret' } },
      { name: 'a.service', enabled: 'disabled' },
      { name: 'istio-proxy', user: 'absent' },
    ],
  });
});

test.each([
  ['a line that was cut off', 'path absent /etc/a\npath file root:root 06', 'cut off'],
  ['a line of nobody', 'path absent /etc/a\nrm -rf /\n', 'line 2 of index'],
  ['a relative path', 'path absent etc/a\n', 'is no line'],
  ['a path with dots', 'path absent /etc/../usr\n', 'not a plain one'],
  ['a path with an empty part', 'path tree-absent /etc//a\n', 'not a plain one'],
  ['the root', 'path tree-absent /\n', 'plain'],
  ['a folder of the system', 'path tree-absent /usr/lib\n', 'directory of the system'],
  ['the data of a database', 'path tree-absent /var/lib/mysql\n', 'directory of the system'],
  ['a tree over what was there', 'path file root:root 0644 1 /srv/a/b\npath tree-absent /srv/a\n', 'was there'],
  ['an option in place of a unit', 'unit --now active enabled\n', 'no program takes'],
  ['words in place of a number', 'user a absent `id`\n', 'is no line'],
])('a journal that is not ours is refused, and nothing of it is followed: %s', async (_title, index, words) => {
  const problem = await problemOf(refused(index));
  expect(problem.id).toBe('undo-journal-damaged');
  expect(problem.message).toContain(words);
});

test('a journal of a later format is refused', async () => {
  const readme = 'meshx undo journal, format 9: x\n';
  expect((await problemOf(refused('path absent /etc/a\n', { readme }))).id).toBe('format-newer');
});

test('what is said about files that meshx wrote must be whole too', async () => {
  const problem = await problemOf(refused('path absent /etc/a\n', { wrote: 'abc /etc/a\n' }));
  expect(problem.message).toContain('wrote');
});

test('a machine without a journal has no entries', () => {
  expect(parse('', { readme: '' })).toStrictEqual({ format: 2, entries: [], wrote: {} });
});

test('a secret of format 1 has no digest', () => {
  const { entries } = parse('path secret /run/a\n', { readme: README.replace('format 2', 'format 1') });
  expect(entries).toStrictEqual([{ kind: 'path', path: '/run/a', before: { is: 'secret' } }]);
});

test('each path has all that meshx wrote to it, in order', () => {
  const [first, second] = ['a', 'b'].map((letter) => letter.repeat(64));
  expect(parse('', { wrote: `${first} /etc/a\n${second} /etc/a\n` }).wrote).toEqual({ '/etc/a': [first, second] });
});

test.each([
  ['no README', ''],
  ['a README with words before the format', `not a ${README}`],
  ['a README without the end of the format', README.replace('2:', '2')],
])('an index with %s is refused', async (_title, readme) => {
  const problem = await problemOf(refused('path absent /etc/a\n', { readme }));
  expect(problem).toMatchObject({ id: 'undo-journal-damaged', issues: ['its README does not name format 1 or 2'] });
});

test.each([3, 10, 22])('format %i is newer, and the file that says so is named', async (format) => {
  const problem = await problemOf(refused('', { readme: README.replace('format 2', `format ${format}`) }));
  expect(problem.id).toBe('format-newer');
  expect(problem.message).toContain('/var/lib/meshx/undo/README');
  expect(problem.message).toContain(`${format}`);
});

const long = 'x'.repeat(300);

test.each<[string, string, string | undefined, readonly string[]]>([
  ['-', '-\n', undefined, ['line 1 of index is no line of a journal: -']],
  ['a long line', `${long}\n`, undefined, [`line 1 of index is no line of a journal: ${long.slice(0, 120)}`]],
  ['a long line of wrote', '', `${long}\n`, [`a line of wrote is none of its own: ${long.slice(0, 120)}`]],
  ['words before a line of wrote', '', `x ${'a'.repeat(64)} /etc/a\n`, [expect.stringContaining('a line of wrote')]],
  ['a relative path in wrote', '', `${'a'.repeat(64)} etc/a\n`, [expect.stringContaining('a line of wrote')]],
  ['a cut line', 'path absent /etc/a', undefined, ['the last line of index is cut off']],
  ['a cut line of wrote', '', `${'a'.repeat(64)} /etc/a`, ['the last line of wrote is cut off']],
  [
    'a control character',
    'path absent /etc/a\x1b[2J\n',
    undefined,
    ['line 1 of index has a path with a control character: path absent /etc/a\x1b[2J'],
  ],
  [
    'several lines',
    'path absent /etc/a\nx\ny\n',
    'z\n',
    [expect.stringMatching(/^line 2 /), expect.stringMatching(/^line 3 /), expect.stringContaining('of wrote')],
  ],
])('a journal with %s: each wrong line is named', async (_title, index, wrote, issues) => {
  const problem = await problemOf(refused(index, { ...(wrote !== undefined && { wrote }) }));
  expect(problem).toMatchObject({ id: 'undo-journal-damaged', issues });
});

test('of a file that is no journal at all ten lines are named', async () => {
  expect((await problemOf(refused('x\n'.repeat(50)))).issues).toHaveLength(10);
});

test.each([
  ['a directory of the system that was there', 'path directory root:root 0755 1 /usr/lib\n'],
  ['a file of the name of one', 'path absent /usr/lib\n'],
  ['a tree that came before what is in it', 'path tree-absent /srv/a\npath file root:root 0644 1 /srv/a/b\n'],
  ['a tree over what was absent', 'path absent /srv/a/b\npath tree-absent /srv/a/c\npath tree-absent /srv/a\n'],
  ['a tree beside a longer name', 'path file root:root 0644 1 /srv/ab\npath tree-absent /srv/a\n'],
  ['a tree in /run, which a reboot empties', 'path file root:root 0644 1 /run/a/b\npath tree-absent /run/a\n'],
  ['a directory over what was there', 'path file root:root 0644 1 /srv/a/b\npath absent /srv/a\n'],
])('a journal with %s is followed', (_title, index) => {
  expect(parse(index).entries).toHaveLength(index.match(/\n/g)?.length ?? 0);
});

test('a tree is compared with paths only, whatever a unit is called', () => {
  const index = 'unit x.service active enabled\npath tree-absent /srv/a\n';
  expect(parse(index).entries.map(({ kind }) => kind)).toEqual(['unit', 'path']);
});

test.each(['directory root:root 0755 1', 'link YQ==', 'other', `secret ${'a'.repeat(64)}`])(
  'a tree over a %s is refused',
  async (state) => {
    const problem = await problemOf(refused(`path ${state} /srv/a/b\npath tree-absent /srv/a\n`));
    expect(problem.issues).toEqual(['/srv/a was absent, and yet /srv/a/b was there']);
  },
);

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

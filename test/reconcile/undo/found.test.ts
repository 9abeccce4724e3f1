import { parseFound } from '../../../src/reconcile/undo/found.ts';
import { problemOf } from '../../support/problem.ts';
import { base64, sum } from './undo-texts.ts';

const A = '/etc/a b';
const FILE = `path file root:root 0644 1.5 ${A}`;
const STATE = { is: 'file', owner: 'root:root', mode: '0644', mtime: '1.5' };
const parse = (...lines: readonly string[]) => parseFound('vm', lines.map((line) => `${line}\n`).join(''));
/** What was found of the only path. */
const pathOf = (...lines: readonly string[]) => parse(FILE, ...lines).paths[A];

test('an empty answer has nothing', () => {
  expect(parse()).toEqual({
    ...{
      paths: {},
      inside: [],
      units: {},
      users: {},
      packages: {},
      tables: [],
      chains: [],
      snapshot: false,
      undone: false,
    },
  });
});

test('each kind of line has its place', () => {
  const found = parse(
    'snapshot',
    'undone',
    FILE,
    'path absent /etc/b',
    'unit x.service active enabled',
    'user u present 997',
    'user v absent',
    'package p 1.0',
    'package q 2.0',
    'former p deb /var/cache/p 0.9.deb',
    'inside /srv/d/x y',
    'inside /srv/d/z',
    'tables nft:ip:nat  nft:ip6:raw ',
    'chains nft:ip:filter:INPUT',
  );
  expect(found).toEqual({
    paths: { [A]: { state: STATE, owned: false }, '/etc/b': { state: { is: 'absent' }, owned: false } },
    inside: ['/srv/d/x y', '/srv/d/z'],
    units: { 'x.service': { kind: 'unit', name: 'x.service', active: 'active', enabled: 'enabled' } },
    users: { u: { user: 'present', group: '997' }, v: { user: 'absent', group: 'absent' } },
    packages: {
      p: { version: '1.0', former: { format: 'deb', file: '/var/cache/p 0.9.deb' } },
      q: { version: '2.0' },
    },
    tables: ['nft:ip:nat', 'nft:ip6:raw'],
    chains: ['nft:ip:filter:INPUT'],
    snapshot: true,
    undone: true,
  });
});

test('a file has its digest, the digest of the copy, and whether a package owns it; absent ones have no key', () => {
  expect(pathOf(`digest ${sum('a')} ${A}`, `copy ${sum('b')} ${A}`, `owned ${A}`)).toStrictEqual({
    ...{ state: STATE, owned: true, digest: sum('a'), copy: sum('b') },
  });
  expect(pathOf(`digest ${sum('a')} /etc/b`, `copy ${sum('b')} /etc/b`, 'owned /etc/b')).toStrictEqual({
    ...{ state: STATE, owned: false },
  });
});

test('edits are read in their order, each with the text before it, and the text now', () => {
  const lines = [
    `ours 1 ${base64('one\n')} ${A}`,
    `base 2 ${base64('two\n')} ${A}`,
    `ours 2 ${base64('two\nours\n')} ${A}`,
    `text 0 ${base64('now\n')} ${A}`,
  ];
  const edits = [{ ours: 'one\n' }, { ours: 'two\nours\n', base: 'two\n' }];
  expect(pathOf(...lines)).toStrictEqual({ state: STATE, owned: false, edits, text: 'now\n' });
  expect(pathOf(...lines.slice(0, 3))).toStrictEqual({ state: STATE, owned: false, edits });
  expect(pathOf(lines[3]!)).toStrictEqual({ state: STATE, owned: false });
});

test('ten edits of a file are all read', () => {
  const lines = Array.from({ length: 10 }, (_, n) => `ours ${n + 1} ${base64(`${n}\n`)} ${A}`);
  expect(pathOf(...lines)?.edits).toHaveLength(10);
});

const LATIN = Buffer.from([0x65, 0xe9]).toString('base64');

test.each([
  ['the text of meshx', [`ours 1 ${LATIN} ${A}`]],
  ['the text before', [`base 1 ${LATIN} ${A}`, `ours 1 ${base64('x\n')} ${A}`]],
])('%s is not UTF-8: the file is known only by its digests', (_title, lines) => {
  const digests = [`digest ${sum('a')} ${A}`, `copy ${sum('b')} ${A}`, `owned ${A}`, `text 0 ${base64('x')} ${A}`];
  expect(pathOf(...lines, ...digests)).toStrictEqual({ state: STATE, owned: true, digest: sum('a'), copy: sum('b') });
  expect(pathOf(...lines)).toStrictEqual({ state: STATE, owned: false });
});

test('a text now that is not UTF-8 is left out', () => {
  expect(pathOf(`ours 1 ${base64('x\n')} ${A}`, `text 0 ${LATIN} ${A}`)).toStrictEqual({
    ...{ state: STATE, owned: false, edits: [{ ours: 'x\n' }] },
  });
});

test.each(['rm -rf /', ' undone', 'undonex', 'x undone', 'digests a', 'path file /etc/a', `${'y'.repeat(200)}`])(
  'a line that is none of the answer is a Problem: %j',
  async (line) => {
    const problem = await problemOf((async () => parse(FILE, line))());
    expect(problem.id).toBe('facts-incomplete');
    expect(problem.message).toContain(`vm: the machine's answers arrived incomplete: ${line.slice(0, 120)}`);
    expect(problem.message).not.toContain(line.slice(0, 130).padEnd(130, '.'));
  },
);

test('a path that reads like a line has no effect', () => {
  const found = parse(`path absent /x/owned ${A}`, `path absent /x/former p deb /f`, FILE, 'package p 1');
  expect(found.paths[A]).toStrictEqual({ state: STATE, owned: false });
  expect(found.packages).toStrictEqual({ p: { version: '1' } });
});

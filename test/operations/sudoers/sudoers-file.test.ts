import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseSudoer, sudoersFile, sudoersPath } from '../../../src/operations/sudoers/sudoers-file.ts';

const NAMES: readonly (readonly [string, string])[] = [
  ['deploy', 'deploy'],
  ['first.last', 'first.last'],
  ['user@corp.example', 'user\\@corp.example'],
  ['%Domain Users', '%Domain\\ Users'],
  ['%domain users@corp', '%domain\\ users\\@corp'],
  ['CORP\\jdoe', 'CORP\\\\jdoe'],
  ["o'brien", "o\\'brien"],
  ['%ops (eu)', '%ops\\ \\(eu\\)'],
  ['#1001', '#1001'],
  ['%#1001', '%#1001'],
  ['1st', '1st'],
  ['%ADMINS', '%ADMINS'],
  ['%Domänen-Benutzer', '%Domänen-Benutzer'],
];

test.each(NAMES)('%s is written as sudoers(5) escapes it, into a file that sudo does not pass over', (name, word) => {
  expect(parseSudoer(name)).toBe(name);
  expect(sudoersFile(name, 'program').split('\n').at(-2)?.startsWith(`${word} ALL=(root)`)).toBe(true);
  expect(sudoersPath(name)).toMatch(/^\/etc\/sudoers\.d\/meshx_[\w-]+$/);
});

test.each([
  'ALL',
  'ADMINS',
  '',
  '%',
  '#',
  '#-1',
  '#01',
  'a,b',
  'a b\n',
  'a:b',
  'a=b',
  '!a',
  '+net',
  '%:x',
  'a"b',
  '@include',
  ' a',
  'a ',
  'a\\',
  'a\u001b',
])('%j is no sudoer', (name) => {
  expect(parseSudoer(name)).toBeUndefined();
});

test('names that differ have files that differ', () => {
  const names = [...NAMES.map(([name]) => name), 'first-last', 'first_last', '%first.last', '1001', '%1001'];
  expect(new Set(names.map(sudoersPath)).size).toBe(names.length);
});

const visudo = ['/usr/sbin/visudo', '/sbin/visudo'].find((path) => existsSync(path));

(visudo === undefined ? test.skip : test)('visudo reads each line, and as that name and no other', () => {
  for (const [name] of NAMES) {
    const input = sudoersFile(name, 'program');
    expect(spawnSync(visudo ?? '', ['-c', '-q', '-f', '-'], { input, encoding: 'utf8' })).toMatchObject({ status: 0 });
    const read = spawnSync('cvtsudoers', ['-f', 'json', '-'], { input, encoding: 'utf8' });
    if (read.error) continue;
    const { User_Specs: specs } = JSON.parse(read.stdout) as { User_Specs: { User_List: unknown }[] };
    expect(specs.map(({ User_List: list }) => list)).toEqual([[readAs(name)]]);
  }
});

function readAs(name: string): unknown {
  if (name.startsWith('%#')) return { usergid: Number(name.slice(2)) };
  if (name.startsWith('%')) return { usergroup: name.slice(1) };
  return name.startsWith('#') ? { userid: Number(name.slice(1)) } : { username: name };
}

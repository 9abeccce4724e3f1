import { gzipSync } from 'node:zlib';
import { firstPicture } from '../../../src/reconcile/undo/first-picture.ts';
import { isWholePicture, parsePicture, readKeptPicture, takePicture } from '../../../src/reconcile/undo/picture.ts';
import { AnsweringHost } from '../../support/answering-host.ts';
import { problemOf } from '../../support/problem.ts';

const HEAD = 'meshx picture, format 1\n';
const TEXT = `${HEAD}file\t/etc/é\tf root:root 644 x\nlistening\ttcp *:1\t\n`;
const packed = (text: string): string => gzipSync(text).toString('base64');
const PICTURE = [
  { area: 'file', name: '/etc/é', state: 'f root:root 644 x' },
  { area: 'listening', name: 'tcp *:1', state: '' },
];

test('a snapshot is taken, or the kept one read, by one script with a time limit', async () => {
  for (const [ask, script] of [
    [takePicture, 'picture-take'],
    [readKeptPicture, 'picture-read'],
  ] as const) {
    const vm = new AnsweringHost(() => ({ stdout: `${packed(TEXT)}\n` }));
    expect(await ask(vm)).toEqual(PICTURE);
    expect(vm.sent).toEqual([[script]]);
    expect(vm.commands[0]?.timeoutMs).toBe(120_000);
  }
});

test('a machine without a kept snapshot has none; a snapshot that was taken is never empty', async () => {
  const vm = new AnsweringHost(() => ({ stdout: ' \n' }));
  expect(await readKeptPicture(vm)).toBeUndefined();
  expect(await problemOf(takePicture(vm))).toMatchObject({
    id: 'facts-incomplete',
    message: expect.stringContaining(
      "vm1: the machine's answers arrived incomplete: the snapshot of the machine is empty",
    ),
  });
});

test.each([
  [
    'the script failed',
    { exitCode: 3, stderr: 'no find' },
    'probe-failed',
    'the whole machine failed (exit code 3): no find',
  ],
  ['the answer was cut', { stdout: packed(TEXT).slice(0, 30) }, 'facts-incomplete', 'it is not whole'],
  [
    'another format',
    { stdout: packed('meshx picture, format 2\n') },
    'facts-incomplete',
    'it is not a snapshot of format 1',
  ],
  ['a line was cut', { stdout: packed(`${HEAD}file\t/etc\n`) }, 'facts-incomplete', 'has no state: file /etc'],
])('a snapshot that cannot be read is a Problem: %s', async (_title, output, id, words) => {
  const problem = await problemOf(takePicture(new AnsweringHost(() => output)));
  expect(problem.id).toBe(id);
  expect(problem.message).toContain(words);
});

test('a long line without a state is shown in part', () => {
  expect(parsePicture(`${HEAD}${'x'.repeat(500)}\n`)).toBe(`a line of the snapshot has no state: ${'x'.repeat(120)}`);
});

test('a state may have tabs', () => {
  expect(parsePicture(`${HEAD}\nrules\tnat\ta\tb\n`)).toEqual([{ area: 'rules', name: 'nat', state: 'a b' }]);
});

test.each([
  [packed(TEXT), true],
  [packed(`${HEAD}x`), true],
  [packed(HEAD), false],
  [packed(HEAD.trimEnd()), false],
  [packed(`x\n${TEXT}`), false],
  [packed(`something else that is long enough\n${HEAD}`), false],
  [packed(TEXT).slice(0, 20), false],
  ['', false],
])('%j is whole: %s', (text, whole) => {
  expect(isWholePicture(text)).toBe(whole);
});

test('the first snapshot comes with the rule tables of the machine', async () => {
  const vm = new AnsweringHost(() => ({ stdout: `nft:ip:nat legacy:ip:raw \n${packed(TEXT)}\n` }));
  expect(await firstPicture(vm)).toEqual({ tables: 'nft:ip:nat legacy:ip:raw', base64: packed(TEXT) });
  expect(vm.sent).toEqual([['first-picture']]);
  const cut = new AnsweringHost(() => ({ stdout: 'nft:ip:nat\n' }));
  expect(await problemOf(firstPicture(cut))).toMatchObject({
    id: 'facts-incomplete',
    message: expect.stringContaining('the snapshot of the machine is incomplete'),
  });
});

import { readJournal } from '../../../src/reconcile/undo/read.ts';
import { AnsweringHost } from '../../support/answering-host.ts';
import { problemOf } from '../../support/problem.ts';

type Frame = readonly [code: number, text: string];
const README: Frame = [0, 'there\nmeshx undo journal, format 2: x\n'];
const INDEX: Frame = [0, 'path absent /etc/a\n'];
const WROTE: Frame = [0, ''];
const NOW: Frame = [0, 'path absent /etc/a\n'];

const answerOf = (...frames: readonly Frame[]): string =>
  Buffer.from(frames.map(([code, text]) => `${code} ${Buffer.byteLength(text)}\n${text}`).join('')).toString('base64');
const machine = (...frames: readonly Frame[]) =>
  new AnsweringHost(() => ({ stdout: answerOf(...frames), stderr: 'no\nmeshx-asked 4\n' }));

test('the journal and the present state are read by one script with a time limit', async () => {
  const vm = machine(README, INDEX, WROTE, NOW);
  expect(await readJournal(vm)).toMatchObject({
    journal: { format: 2, entries: [{ path: '/etc/a' }] },
    found: { paths: { '/etc/a': { state: { is: 'absent' } } } },
  });
  expect(vm.sent).toEqual([['journal-read']]);
  expect(vm.commands[0]?.timeoutMs).toBe(120_000);
});

test('a machine that meshx never changed has no journal, whatever else is there', async () => {
  expect(await readJournal(machine([0, ''], [0, ''], WROTE, [1, '']))).toBeUndefined();
});

test.each<[string, readonly Frame[], string, string]>([
  ['the README', [[3, 'x'], INDEX, WROTE, NOW], 'probe-failed', 'inspecting the undo journal failed (exit code 3)'],
  ['the index', [README, [3, ''], WROTE, NOW], 'probe-failed', 'exit code 3'],
  ['what meshx wrote', [README, INDEX, [3, ''], NOW], 'probe-failed', 'exit code 3'],
  ['the present state', [README, INDEX, WROTE, [3, '']], 'probe-failed', 'failed (exit code 3): no'],
  ['an answer', [README, INDEX, WROTE], 'facts-incomplete', '3 of 4 answers are whole'],
  ['a line of the present state', [README, INDEX, WROTE, [0, 'x\n']], 'facts-incomplete', 'incomplete: x'],
])('nothing may be changed where %s cannot be read', async (_title, frames, id, words) => {
  const problem = await problemOf(readJournal(machine(...frames)));
  expect([problem.id, problem.message]).toEqual([id, expect.stringContaining(words)]);
});

test('a damaged journal explains why the present state could not be read', async () => {
  const problem = await problemOf(readJournal(machine(README, [0, 'x\n'], WROTE, [3, ''])));
  expect(problem.id).toBe('undo-journal-damaged');
});

test('a README without the word before it is a journal too, and only that word is removed', async () => {
  const readme: Frame = [0, README[1].replace('there\n', '')];
  expect((await readJournal(machine(readme, INDEX, WROTE, NOW)))?.journal.format).toBe(2);
  const inside: Frame = [0, `x\n${README[1]}`];
  expect((await problemOf(readJournal(machine(inside, INDEX, WROTE, NOW)))).id).toBe('undo-journal-damaged');
});

test('a script that fails is a Problem', async () => {
  const vm = new AnsweringHost(() => ({ exitCode: 5, stdout: answerOf(README, INDEX, WROTE, NOW), stderr: 'no sudo' }));
  expect((await problemOf(readJournal(vm))).message).toBe(
    'vm1: inspecting the undo journal failed (exit code 5): no sudo',
  );
});

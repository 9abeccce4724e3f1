import { callLine, callsText, textLine } from '../../src/reconcile/calls.ts';
import { gatherFacts, sameProbes } from '../../src/reconcile/facts.ts';
import { keepBefore } from '../../src/reconcile/journal.ts';
import type { Resource, Step } from '../../src/reconcile/resource.ts';
import { AnsweringHost } from '../support/answering-host.ts';
import { problemOf } from '../support/problem.ts';

const enabled = (name: string): Resource => ({ kind: 'enabled', name, enabled: true });
const file = (path: string): Resource => ({ kind: 'file', path, content: 'x', owner: 'root', mode: '0644' });
const line = (text: string): Resource => ({ kind: 'line', path: '/etc/a', line: text });
const step = (...wants: readonly Resource[]): readonly Step[] => [{ id: 's', title: 'S', wants }];
const answers = (...frames: readonly (readonly [code: number, text: string])[]): string =>
  Buffer.from(frames.map(([code, text]) => `${code} ${Buffer.byteLength(text)}\n${text}`).join('')).toString('base64');

test('all questions are one script with one text, each asked once, and each answer goes to its resource', async () => {
  const host = new AnsweringHost(() => ({ stdout: answers([0, 'enabled\n'], [0, 'one\n']) }));
  const facts = await gatherFacts(step(enabled('a.service'), line('1'), line('2')), host);
  expect([...facts].map(([id, { stdout }]) => [id, stdout])).toEqual([
    ['enabled:a.service', 'enabled\n'],
    ['line:/etc/a:1', 'one\n'],
    ['line:/etc/a:2', 'one\n'],
  ]);
  expect(host.sent).toEqual([['probes']]);
  expect(host.commands[0]?.timeoutMs).toBe(120_000);
  expect(String(host.commands[0]?.stdin).match(/=ask /g)).toHaveLength(2);
});

test('what is read of all files at once is asked once', async () => {
  const host = new AnsweringHost(() => ({ stdout: answers([0, ''], [0, '']) }));
  await gatherFacts(step(file('/etc/a'), file('/etc/b')), host);
  expect(String(host.commands[0]?.stdin).split('\n')[0]).toBe('=seen =/etc/a =/etc/b');
});

test('nothing is asked for nothing', async () => {
  const host = new AnsweringHost();
  expect((await gatherFacts([], host)).size).toBe(0);
  expect(host.sent).toEqual([]);
});

test.each([
  [
    'the script failed',
    { exitCode: 1, stdout: answers([0, '']), stderr: 'no sudo' },
    'inspecting the machine failed (exit code 1): no sudo',
  ],
  ['an answer is missing', { stdout: '' }, 'arrived incomplete: 0 of 1 answers are whole'],
  ['an answer is missing, with words', { stdout: '', stderr: ' killed \n' }, 'arrived incomplete: killed'],
  [
    'one question failed',
    { stdout: answers([4, '']), stderr: 'no systemd\nmeshx-asked 1\n' },
    'inspecting enabled:a.service failed (exit code 4): no systemd',
  ],
])('facts are whole or a Problem: %s', async (_title, output, words) => {
  const problem = await problemOf(gatherFacts(step(enabled('a.service')), new AnsweringHost(() => output)));
  expect(problem.message).toContain(words);
});

test('steps with equal questions have valid facts of each other', () => {
  const steps = step(enabled('a.service'));
  expect(sameProbes(steps, steps)).toBe(true);
  expect(sameProbes(steps, step(enabled('a.service')))).toBe(true);
  expect(sameProbes(steps, step(enabled('b.service')))).toBe(false);
});

test('words and texts of a call survive the shell, whatever they hold', () => {
  expect(callLine('a', '', 'b c\n\t\r\\d')).toBe('=a = =b\\0040c\\0012\\0011\\0015\\\\d');
  expect(callLine()).toBe('');
  expect(textLine('a b\n\\é\t~')).toBe('=a b\\n\\\\\\0303\\0251\\0011~');
  expect(callsText(['one', 'two'])).toBe('one\ntwo\nend\n');
});

test('a state is kept in the order trees, paths, users, packages, and units last and together', async () => {
  const host = new AnsweringHost();
  await keepBefore(host, {
    units: ['a', 'b'],
    packages: ['p'],
    users: ['u'],
    paths: ['/etc/a', '/etc/a'],
    trees: ['/t'],
  });
  expect(host.sent).toEqual([['journal']]);
  expect(host.commands[0]).toMatchObject({
    stdin: '=keep_tree =/t\n=keep_path =/etc/a\n=keep_user =u\n=keep_package =p\n=keep_units =a =b\nend\n',
    timeoutMs: 120_000,
  });
  await keepBefore(host, { paths: [] });
  expect(host.sent).toHaveLength(1);
});

test('a state that cannot be kept is a Problem', async () => {
  const problem = await problemOf(
    keepBefore(new AnsweringHost(() => ({ exitCode: 3, stderr: 'no' })), { units: ['a'] }),
  );
  expect(problem).toMatchObject({
    id: 'change-failed',
    message: 'vm1: could not keep the state before the first change (exit code 3): no',
    issues: [],
  });
});

import { batchCommand, doneOf, isSmall } from '../../src/reconcile/batch.ts';
import { journalCommand } from '../../src/reconcile/journal.ts';
import type { Change, PlannedScript } from '../../src/reconcile/kind.ts';
import { CREATE } from '../../src/reconcile/kinds/directory.ts';
import { WRITE as TEXT_WRITE } from '../../src/reconcile/kinds/edit.ts';
import { OWN, WRITE } from '../../src/reconcile/kinds/file.ts';

const create: PlannedScript = { script: { ...CREATE, args: ['root', '0755', '/srv/a b'] } };
const change = (...scripts: readonly PlannedScript[]): Change => ({ summary: 's', scripts });

test.each<[string, readonly PlannedScript[], boolean]>([
  ['creates a directory', [create], true],
  ['writes a file', [{ script: { ...WRITE, args: [] }, stdin: 'x' }], true],
  ['edits a file', [{ script: { ...TEXT_WRITE, args: [] }, stdin: 'x' }], true],
  ['sets an owner', [{ script: { ...OWN, args: [] } }], true],
  ['has several such scripts', [create, create], true],
  ['has a time limit of its own', [{ ...create, timeoutMs: 1 }], false],
  ['delivers a secret', [{ ...create, source: { secret: 't' } }], false],
  ['delivers a secret in time', [{ ...create, source: { secret: 't' }, timeoutMs: 1 }], false],
  ['has another text under the same name', [{ script: { ...create.script, text: ':' } }], false],
  ['has another script', [{ script: { name: 'x', text: ':', args: [] } }], false],
  ['has such a script and another one', [create, { script: { name: 'x', text: ':', args: [] } }], false],
])('a change that %s may share a command: see the table', (_title, scripts, small) => {
  expect(isSmall(change(...scripts))).toBe(small);
});

test('changes that share a command are lines: the text of a script before it, then its name and arguments', () => {
  const command = batchCommand([
    change(create, { script: { ...OWN, args: ['root', '0644', '/etc/a'] } }),
    change({ script: { ...WRITE, args: ['root', '0644', 'digest', '/etc/a'] }, stdin: 'one\ntwo\n' }),
    change({ script: { ...TEXT_WRITE, args: ['/etc/b'] } }),
    change({ script: { ...CREATE, args: [] } }),
    change({ ...create, stdin: 'x' }),
  ]);
  expect(command.argv.slice(3)).toEqual(['meshx-changes']);
  expect(command.timeoutMs).toBe(120_000);
  expect(String(command.stdin).split('\n')).toEqual([
    'directory_create =root =0755 =/srv/a\\0040b',
    'own =root =0644 =/etc/a',
    '=one\\ntwo\\n',
    'file_write =root =0644 =digest =/etc/a',
    '=',
    'text_write =/etc/b',
    'directory_create',
    '=x',
    'directory_create =root =0755 =/srv/a\\0040b',
    'end',
    '',
  ]);
});

test('a change is done when all its scripts are', () => {
  const changes = [change(create), change(create, create), change(create)];
  const done = (stdout: string) => doneOf(changes, { exitCode: 0, stdout, stderr: '' });
  expect([0, 1, 2, 3, 4, 5].map((count) => done('done\n'.repeat(count)))).toEqual([0, 1, 1, 2, 3, 3]);
  expect(done('not done\ndone x\ndone\n')).toBe(1);
});

test('the state before is kept for steps with changes only', () => {
  const step = { id: 's', title: 'S' };
  const steps = [
    { ...step, changes: [], touches: { paths: ['/etc/a'] } },
    { ...step, changes: [change(create)], touches: { paths: ['/etc/b'] } },
  ];
  expect(journalCommand({ steps })?.stdin).toBe('=keep_path =/etc/b\nend\n');
  expect(journalCommand({ steps: steps.slice(0, 1) })).toBeUndefined();
});

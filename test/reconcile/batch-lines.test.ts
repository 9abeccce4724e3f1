import { batchCommand, companyOf, doneOf } from '../../src/reconcile/batch.ts';
import { journalCommand } from '../../src/reconcile/journal.ts';
import type { Change, PlannedScript } from '../../src/reconcile/kind.ts';
import { CREATE } from '../../src/reconcile/kinds/directory.ts';
import { WRITE as TEXT_WRITE } from '../../src/reconcile/kinds/edit.ts';
import { OWN, WRITE } from '../../src/reconcile/kinds/file.ts';
import { RELOAD_UNITS, START } from '../../src/reconcile/kinds/unit.ts';

const create: PlannedScript = { script: { ...CREATE, args: ['root', '0755', '/srv/a b'] } };
const change = (...scripts: readonly PlannedScript[]): Change => ({ summary: 's', scripts });

test.each<[string, readonly PlannedScript[], string | undefined]>([
  ['creates a directory', [create], 'files'],
  ['writes a file', [{ script: { ...WRITE, args: [] }, stdin: 'x' }], 'files'],
  ['edits a file', [{ script: { ...TEXT_WRITE, args: [] }, stdin: 'x' }], 'files'],
  ['sets an owner', [{ script: { ...OWN, args: [] } }], 'files'],
  ['has several such scripts', [create, create], 'files'],
  ['has a time limit of its own', [{ ...create, timeoutMs: 1 }], undefined],
  ['delivers a secret', [{ ...create, source: { secret: 't' } }], undefined],
  ['delivers a secret in time', [{ ...create, source: { secret: 't' }, timeoutMs: 1 }], undefined],
  ['has another text under the same name', [{ script: { ...create.script, text: ':' } }], undefined],
  ['has another script', [{ script: { name: 'x', text: ':', args: [] } }], undefined],
  ['has such a script and another one', [create, { script: { name: 'x', text: ':', args: [] } }], undefined],
  ['starts a unit', [{ script: { ...START, args: ['start', 'a.service', '90'] }, timeoutMs: 120_000 }], 'starts'],
  ['restarts a unit', [{ script: { ...START, args: ['restart', 'a.service', '90'] } }], undefined],
  ['lets systemd read unit files', [{ script: { ...RELOAD_UNITS, args: ['asked'] } }], 'starts'],
])('a change that %s may share a command: see the table', (_title, scripts, company) => {
  expect(companyOf(change(...scripts))).toBe(company);
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

test('units that start together are lines, too, and the command lasts as long as the longest of them may', () => {
  const start = (name: string, seconds: number): Change =>
    change({ script: { ...START, args: ['start', name, `${seconds}`, '/etc/a'] }, timeoutMs: (seconds + 30) * 1000 });
  const reload = change({ script: { ...RELOAD_UNITS, args: ['written', 'a.service'] } });
  const command = batchCommand([reload, start('a.service', 60), start('b.service', 100)]);
  expect(command.argv.slice(3)).toEqual(['meshx-unit-starts', '60']);
  expect(command.timeoutMs).toBe(130_000);
  expect(String(command.stdin).split('\n').slice(0, 3)).toEqual([
    'daemon_reload =written =a.service',
    'unit_start =start =a.service =60 =/etc/a',
    'unit_start =start =b.service =100 =/etc/a',
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

import { parseTimestamp, runsPresentFiles, unitState } from '../../../src/reconcile/kinds/unit-state.ts';
import { unit, type UnitWant } from '../../../src/reconcile/kinds/unit.ts';

const CONF = '/etc/a.env';
const UNIT_FILE = '/etc/systemd/system/a.service';
/** Changed and modified at these times, seconds since 1970; size and inode follow. */
const read = (path: string, changed = 100, modified = changed): string => `Read=${changed} ${modified} 12 34 ${path}`;
const RUNNING = [
  'ActiveState=active',
  'ActiveEnterTimestamp=Thu 1970-01-01 00:03:20.500000 UTC',
  'InvocationID=run1',
  'NeedDaemonReload=no',
];
const textOf = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const want: UnitWant = { kind: 'unit', name: 'a.service', reads: [CONF] };

/** The changes with their scripts. */
function changesOf(lines: readonly string[], more: Partial<UnitWant> = {}, touched: readonly string[] = []) {
  const answer = { exitCode: 0, stdout: textOf(...lines), stderr: '' };
  return unit
    .changes({ ...want, ...more }, answer, new Set(touched))
    .map(({ summary, scripts }) => [
      summary,
      ...scripts.map(({ script: { name, args } }) => [name, ...args].join(' ')),
    ]);
}

const START = ['start a.service', `unit-start start a.service 90 ${CONF}`];
const RESTART = ['restart a.service', `unit-start restart a.service 90 ${CONF}`];
const reload = (...args: readonly string[]) => ["reload systemd's unit files", ['daemon-reload', ...args].join(' ')];

test.each<[string, readonly string[], readonly (readonly string[])[]]>([
  ['runs with its files', [...RUNNING, read(CONF)], []],
  ['does not run', ['ActiveState=inactive', read(CONF)], [START]],
  ['has failed', ['ActiveState=failed', read(CONF)], [START]],
  ['is on its way', [...RUNNING.slice(1), 'ActiveState=activating', read(CONF)], [START]],
  ['reloads', [...RUNNING.slice(1), 'ActiveState=reloading', read(CONF)], []],
  ['is older than a file that changed', [...RUNNING, read(CONF, 300)], [RESTART]],
  ['is older than the content of a file', [...RUNNING, read(CONF, 100, 300)], [RESTART]],
  ['is on its way and older', [...RUNNING.slice(1), 'ActiveState=activating', read(CONF, 300)], [RESTART]],
  ['is older than one of several files', [...RUNNING, read(CONF), read('/etc/b', 300)], [RESTART]],
  ['began in the tick of a file', [...RUNNING, read(CONF, 200.49)], [RESTART]],
  ['began right after the tick of a file', [...RUNNING, read(CONF, 200.48)], []],
  ['runs in an image', ['Image=yes', read(CONF)], []],
  ['must be read again', [...RUNNING.slice(0, 3), 'NeedDaemonReload=yes', read(CONF)], [reload('asked'), RESTART]],
  ['is told nothing about', [''], [START]],
])('a unit that %s', (_title, lines, expected) => {
  expect(changesOf(lines)).toEqual(expected);
});

const NOTE = (...reads: readonly string[]): readonly string[] => [
  'Note=InvocationID=run1',
  ...reads.map((each) => each.replace('Read=', 'Note=')),
];

test.each<[string, readonly string[], boolean]>([
  ['the note of this run has the same files', [...RUNNING, read(CONF, 300), ...NOTE(read(CONF, 300))], true],
  ['only the time of the inode differs', [...RUNNING, read(CONF, 400, 300), ...NOTE(read(CONF, 300))], true],
  ['the time of the content differs', [...RUNNING, read(CONF, 300, 301), ...NOTE(read(CONF, 300))], false],
  ['a file is new', [...RUNNING, read(CONF), read('/etc/b'), ...NOTE(read(CONF))], false],
  ['a file is gone', [...RUNNING, read(CONF), ...NOTE(read(CONF), read('/etc/b'))], false],
  ['the note has no files, as the unit reads none', [...RUNNING, ...NOTE()], true],
  ['a blank note counts for nothing', [...RUNNING, read(CONF, 300), ...NOTE(read(CONF, 300)), 'Note='], true],
  [
    'the note is of another run, so the clock counts',
    [...RUNNING, read(CONF, 300), 'Note=InvocationID=run0', ...NOTE(read(CONF, 300)).slice(1)],
    false,
  ],
  [
    'the run has no id, so the clock counts',
    ['ActiveState=active', 'InvocationID=', read(CONF, 300), 'Note=InvocationID=', ...NOTE(read(CONF, 300)).slice(1)],
    false,
  ],
])('whether the running unit read its files: %s', (_title, lines, present) => {
  expect(runsPresentFiles(unitState(textOf(...lines)))).toBe(present);
});

test('a path may have blanks', () => {
  const { reads } = unitState(textOf(read('/etc/a b'), 'Reading=1'));
  expect(reads).toEqual([{ changedAt: 100, modifiedAt: 100, identity: '100 12 34 /etc/a b', path: '/etc/a b' }]);
});

test('a state has the first value of each key, and none of a longer one', () => {
  expect(unitState('ActiveState=active\nActiveState=failed\nXImage=yes\nImage=no\nInvocationID=a=b\n')).toMatchObject({
    ...{
      active: true,
      running: true,
      image: false,
      needsReload: false,
      startedAt: 0,
      invocation: 'a=b',
      note: undefined,
    },
  });
});

test.each<[string, readonly string[], boolean]>([
  ['the loaded one', [`FragmentPath=${UNIT_FILE}`, read(UNIT_FILE)], false],
  ['one that hides the loaded one', ['FragmentPath=/lib/systemd/system/a.service', read(UNIT_FILE)], true],
  ['one of a unit without a file', ['FragmentPath=', read(UNIT_FILE)], false],
  [
    'a loaded drop-in',
    [`FragmentPath=${UNIT_FILE}`, `DropInPaths=/x ${UNIT_FILE}.d/m.conf`, read(`${UNIT_FILE}.d/m.conf`)],
    false,
  ],
  ['a first drop-in', [`FragmentPath=${UNIT_FILE}`, 'DropInPaths=', read(`${UNIT_FILE}.d/m.conf`)], true],
  ['a file of another folder', [`FragmentPath=${UNIT_FILE}`, read('/etc/systemd/system.conf')], false],
  ['a file below a folder of a unit', [`FragmentPath=${UNIT_FILE}`, read('/etc/systemd/system/x/y/z')], false],
  ['one of several', [`FragmentPath=${UNIT_FILE}`, read(CONF), read('/run/systemd/system/b.service')], true],
])('a unit file that systemd has not loaded: %s', (_title, lines, needsReload) => {
  expect(unitState(textOf(...lines)).needsReload).toBe(needsReload);
});

test.each([
  ['Tue 2025-11-18 12:00:00.25 UTC', 1763467200.25],
  ['Tue 2025-11-18 12:00:00 UTC', 1763467200],
  ['2025-11-18 12:00:00.123456', 1763467200.123456],
  ['', 0],
  ['n/a', 0],
  ['Tue 2025-99-18 12:00:00 UTC', 0],
  ['Tue 2025-11-18', 0],
])('%j is the time %d', (text, seconds) => {
  expect(parseTimestamp(text)).toBeCloseTo(seconds, 6);
});

const PRESENT = [...RUNNING, read(CONF)];

test('a unit is restarted because of a file or resource that an earlier change touches, and of no other', () => {
  expect(changesOf(PRESENT, {}, [`path:${CONF}`])).toEqual([RESTART]);
  expect(changesOf(PRESENT, { after: ['user:proxy'] }, ['user:proxy'])).toEqual([RESTART]);
  expect(changesOf(PRESENT, { after: ['user:proxy'] }, ['path:/etc/b', 'user:other'])).toEqual([]);
});

test('systemd reads unit files again that were written since a change of a unit, with their names', () => {
  const touched = [`path:${UNIT_FILE}`, 'path:/etc/systemd/system/b.timer.d/m.conf', 'path:/etc/x/system/c.service'];
  expect(changesOf(['ActiveState=inactive'], {}, touched)).toEqual([reload('written', 'a.service', 'b.timer'), START]);
  expect(changesOf(['ActiveState=inactive'], {}, [...touched, 'unit:b.timer'])).toEqual([START]);
  expect(changesOf(['ActiveState=inactive'], {}, ['unit:b.timer', `path:${UNIT_FILE}`])).toEqual([
    reload('written', 'a.service'),
    START,
  ]);
  expect(changesOf(['ActiveState=inactive'], {}, ['package:p'])).toEqual([reload('package', 'a.service'), START]);
  expect(changesOf(['ActiveState=inactive'], {}, ['package:p', 'unit:b'])).toEqual([START]);
  for (const other of ['path:/etc/a', 'path:/etc/systemd/system/template@.service'])
    expect(changesOf(['ActiveState=inactive'], {}, [other])).toEqual([START]);
  expect(changesOf(PRESENT, {}, [`path:${UNIT_FILE}`])).toEqual([]);
});

const STOP = ['stop a.service', 'unit-stop a.service'];

test('a unit that must not run is stopped, after a reload where one is needed', () => {
  const no = { active: false };
  expect(changesOf(PRESENT, no)).toEqual([STOP]);
  expect(changesOf(['ActiveState=activating'], no)).toEqual([STOP]);
  expect(changesOf(['ActiveState=inactive'], no)).toEqual([]);
  expect(
    changesOf(
      [...PRESENT, 'NeedDaemonReload=yes'].filter((line) => line !== 'NeedDaemonReload=no'),
      no,
    ),
  ).toEqual([reload('asked'), STOP]);
  expect(changesOf(PRESENT, no, ['package:p'])).toEqual([reload('package', 'a.service'), STOP]);
});

test('a run that has its settings already is taken over instead of restarted', () => {
  const stale = [...RUNNING, read(CONF, 300)];
  const keep = ['take over the running a.service without a restart', `unit-keep run1 a.service ${CONF}`];
  expect(changesOf(stale, { keeps: 'run1' })).toEqual([keep]);
  expect(changesOf(stale, { keeps: 'run0' })).toEqual([RESTART]);
  expect(changesOf(PRESENT, { keeps: 'run1' })).toEqual([]);
  const starting = [...RUNNING.slice(1), 'ActiveState=activating', read(CONF, 300)];
  expect(changesOf(starting, { keeps: 'run1' })).toEqual([RESTART]);
  expect(changesOf([...stale, 'x'], { keeps: 'run1' }, ['package:p'])).toEqual([reload('package', 'a.service'), keep]);
});

test('the machine gives up before the connection does, also with a limit of its own', () => {
  const limits = (more: Partial<UnitWant>, state: string) =>
    unit
      .changes({ ...want, ...more }, { exitCode: 0, stdout: `ActiveState=${state}\n`, stderr: '' }, new Set())
      .flatMap(({ scripts }) => scripts.map(({ script, timeoutMs }) => [script.args[2], timeoutMs]));
  expect(limits({}, 'inactive')).toEqual([['90', 120_000]]);
  expect(limits({ startTimeoutMs: 5000 }, 'inactive')).toEqual([['5', 35_000]]);
  expect(limits({ active: false }, 'active')).toEqual([[undefined, 120_000]]);
});

test('a unit has its id, its question, and what its run makes', () => {
  expect([unit.id(want), unit.probe(want)]).toEqual([
    'unit:a.service',
    { name: 'unit', args: ['a.service', CONF], shows: 'a.service' },
  ]);
  const answer = { exitCode: 0, stdout: '', stderr: '' };
  expect(unit.touches(want, answer)).toStrictEqual({ units: ['a.service'] });
  expect(unit.touches({ ...want, makes: ['/run/a'] }, answer)).toStrictEqual({
    units: ['a.service'],
    trees: ['/run/a'],
  });
});

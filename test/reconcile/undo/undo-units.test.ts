import { changesOf, sum, undoOfTexts, type Texts } from './undo-texts.ts';

const FOLDER = '/etc/systemd/system';
const U = 'x.service';

/** The changes of the steps about units with their scripts. */
function unitsOf(texts: Texts) {
  const plan = undoOfTexts(texts);
  return { stop: changesOf(plan, 'units'), back: changesOf(plan, 'units-back') };
}

/** The unit before and now, `ACTIVE ENABLED`, and further lines of the journal. */
const unit = (before: string, now: string, ...more: readonly string[]) =>
  unitsOf({ index: [...more, `unit ${U} ${before}`], now: [`unit ${U} ${now}`] });

test.each([
  ['inactive -', 'active enabled', ['stop and disable x.service', 'undo-unit x.service yes']],
  ['inactive -', 'active disabled', ['stop x.service', 'undo-unit x.service no']],
  ['inactive disabled', 'inactive enabled', ['disable x.service', 'undo-unit x.service yes']],
  ['active disabled', 'active enabled', ['disable x.service', 'undo-unit x.service yes']],
  ['failed -', 'activating -', ['stop x.service', 'undo-unit x.service no']],
  ['inactive -', 'reloading -', ['stop x.service', 'undo-unit x.service no']],
  ['inactive -', 'deactivating -', ['stop x.service', 'undo-unit x.service no']],
  ['inactive -', 'refreshing -', ['stop x.service', 'undo-unit x.service no']],
  ['inactive -', 'failed -', undefined],
  ['inactive -', 'inactive not-found', undefined],
  ['active enabled', 'active enabled', undefined],
  ['activating enabled', 'active enabled', undefined],
  ['reloading enabled', 'active enabled', undefined],
])('a unit that was %s and is %s: what is stopped or disabled', (before, now, expected) => {
  expect(unit(before, now).stop).toEqual(expected ? [expected] : []);
});

test.each([
  [`path absent ${FOLDER}/x.service`, true],
  [`path absent ${FOLDER}/x.service.d/meshx.conf`, true],
  [`path absent ${FOLDER}/x.service.requires/a.service`, false],
  [`path absent /etc/x.service`, false],
])('a unit that ran before is stopped while its files are restored: %s', (line, stops) => {
  expect(unit('active enabled', 'active enabled', line).stop).toEqual(
    stops ? [['stop x.service', 'undo-unit x.service no']] : [],
  );
});

const drop = `path absent ${FOLDER}/x.service.d/meshx.conf`;

test.each<[string, readonly string[], readonly string[]]>([
  ['active disabled', [], ['restart x.service as before', 'undo-unit-back x.service restart -']],
  ['active enabled', [], ['restart x.service as before', 'undo-unit-back x.service restart -']],
  ['activating enabled', [drop], ['restart x.service as before', 'undo-unit-back x.service restart enabled']],
  ['active disabled', [drop], ['restart x.service as before', 'undo-unit-back x.service restart -']],
  ['inactive enabled', [], ['enable x.service as before', 'undo-unit-back x.service enable enabled']],
])('a unit that was %s is started or enabled again (%j)', (before, more, expected) => {
  expect(unit(before, 'inactive disabled', ...more).back).toEqual([expected]);
});

test('a unit that neither ran nor was enabled before is only forgotten', () => {
  const forget = ["reload systemd's unit files", 'undo-units-forget x.service'];
  for (const before of ['inactive -', 'failed disabled', 'inactive static'])
    expect(unit(before, 'active enabled').back).toEqual([forget]);
});

test('units are stopped in the reverse order of the journal, after those that only have a file of meshx', () => {
  const { stop, back } = unitsOf({
    index: [`path absent ${FOLDER}/own.timer`, 'unit a.service inactive -', 'unit b.service inactive -'],
    wrote: [`${sum('a')} ${FOLDER}/own.timer`],
    now: ['unit a.service active -', 'unit b.service active -', 'unit own.timer active -'],
  });
  expect(stop.map(([summary]) => summary)).toEqual(['stop own.timer', 'stop b.service', 'stop a.service']);
  expect(back).toEqual([["reload systemd's unit files", 'undo-units-forget own.timer b.service a.service']]);
});

test('a unit whose file existed before, or that has none in the journal, is left alone', () => {
  const now = ['unit y.service active enabled'];
  expect(unitsOf({ index: [`path file root:root 0644 1 ${FOLDER}/y.service`], now }).stop).toEqual([]);
  expect(unitsOf({ index: ['path absent /etc/y.service'], now }).stop).toEqual([]);
  expect(unitsOf({ index: [`path absent ${FOLDER}/z.service`], now }).stop).toEqual([]);
});

test('a unit without an answer is not stopped', () => {
  expect(unitsOf({ index: [`unit ${U} inactive -`] }).stop).toEqual([]);
});

test('each change of a unit has a time limit that a slow service fits into', () => {
  const plan = undoOfTexts({
    index: [`unit ${U} inactive -`, 'unit y.service active enabled'],
    now: [`unit ${U} active -`],
  });
  const limits = plan.steps.flatMap(({ changes }) =>
    changes.flatMap(({ scripts }) =>
      scripts.flatMap(({ script: { name }, timeoutMs }) =>
        /^undo-unit(-back)?$/.test(name) ? [[name, timeoutMs]] : [],
      ),
    ),
  );
  expect(limits).toEqual([
    ['undo-unit', 150_000],
    ['undo-unit-back', 120_000],
  ]);
});

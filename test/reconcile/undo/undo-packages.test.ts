import { changesOf, sum, undoOfTexts, type Texts } from './undo-texts.ts';

const former = 'former p deb /var/cache/p_1.deb';

/** The changes of one step with their scripts. */
const step = (id: string, texts: Texts) => changesOf(undoOfTexts(texts), id);

test.each<[string, readonly string[], readonly string[] | undefined]>([
  ['absent', ['package p 2'], ['purge p', 'undo-package p purge']],
  ['absent', ['package p config-files'], ['purge p', 'undo-package p purge']],
  ['absent', ['package p absent'], undefined],
  ['config-files', ['package p 2'], ['remove p', 'undo-package p remove']],
  ['config-files', ['package p config-files'], undefined],
  ['1', ['package p 1'], undefined],
  ['1', ['package p 2', former], ['reinstall p 1', 'undo-package-back deb /var/cache/p_1.deb']],
  ['1', ['package p 2', former.replace('deb', 'rpm')], ['reinstall p 1', 'undo-package-back rpm /var/cache/p_1.deb']],
  ['1', ['package p 2', former.replace(' p ', ' q ')], undefined],
  ['1', [], undefined],
])('a package that was %s and is %j', (before, now, expected) => {
  expect(step('packages', { index: [`package p ${before}`], now })).toEqual(expected ? [expected] : []);
});

test('a package without a file of its former version is a note with both versions', () => {
  const { notes } = undoOfTexts({ index: ['package p 1'], now: ['package p 2'] });
  expect(notes).toEqual([expect.stringMatching(/^p was 1 before and is 2 now: .* no package file of 1\./)]);
  expect(undoOfTexts({ index: ['package p 1'], now: ['package p 2', former] }).notes).toEqual([]);
});

test('packages go in the reverse order of the journal, and dpkg may take 5 minutes', () => {
  const plan = undoOfTexts({ index: ['package p absent', 'package q absent'], now: ['package p 1', 'package q 1'] });
  const changes = plan.steps.flatMap((each) => (each.id === 'packages' ? each.changes : []));
  expect(changes.map(({ summary, scripts }) => [summary, scripts[0]?.timeoutMs])).toEqual([
    ['purge q', 300_000],
    ['purge p', 300_000],
  ]);
});

test('a purge leaves the files that existed before the package, and those that stay', () => {
  const index = [
    'package p absent',
    'path file root:root 0644 1 /etc/before',
    'path absent /etc/new',
    'path absent /etc/kept',
    'path directory root:root 0755 1 /etc/folder',
  ];
  const now = [
    'package p 1',
    'path file root:root 0644 1 /etc/before',
    `digest ${sum('b')} /etc/before`,
    `copy ${sum('b')} /etc/before`,
    'path file root:root 0644 1 /etc/kept',
    `digest ${sum('e')} /etc/kept`,
  ];
  expect(step('packages', { index, now })).toEqual([['purge p', 'undo-package p purge /etc/kept /etc/before']]);
});

test.each<[string, string, readonly string[] | undefined]>([
  ['absent absent', 'present 997', ['remove user u', 'undo-user u user absent']],
  ['absent', 'present 997', ['remove user u', 'undo-user u user absent']],
  ['absent 100', 'present 100', ['remove user u', 'undo-user u user 100']],
  ['absent absent', 'absent 997', ['remove group u', 'undo-user u group absent']],
  ['absent 100', 'absent 100', undefined],
  ['absent absent', 'absent absent', undefined],
  ['present 997', 'present 997', undefined],
  ['present', 'present 997', undefined],
])('a user that was %s and is %s', (before, now, expected) => {
  expect(step('users', { index: [`user u ${before}`], now: [`user u ${now}`] })).toEqual(expected ? [expected] : []);
});

test('a user without an answer stays', () => {
  expect(step('users', { index: ['user u absent absent'] })).toEqual([]);
});

test.each<[string, string, readonly string[] | undefined]>([
  ['tables nft:ip:filter', 'tables nft:ip:filter nft:ip:nat nft:ip6:raw', ['nft:ip:nat', 'nft:ip6:raw']],
  ['tables', 'tables nft:ip:nat', ['nft:ip:nat']],
  ['tables', 'tables legacy:ip:nat', undefined],
  ['tables nft:ip:nat', 'tables nft:ip:nat', undefined],
  ['path absent /etc/a', 'tables nft:ip:nat', undefined],
])('rule tables: before "%s", now "%s"', (before, now, expected) => {
  const changes = step('rules', { index: [before], now: [now] });
  expect(changes).toEqual(
    expected
      ? [
          [
            `remove new empty rule tables: ${expected.map((each) => each.slice(4).replaceAll(':', ' ')).join(', ')}`,
            `undo-tables ${expected.join(' ')}`,
          ],
        ]
      : [],
  );
});

test('new chains go after new tables', () => {
  expect(step('rules', { index: ['tables'], now: ['tables nft:ip:nat', 'chains nft:ip:filter:INPUT'] })).toEqual([
    ['remove new empty rule tables: ip nat', 'undo-tables nft:ip:nat'],
    ['remove new empty rule chains: ip filter INPUT', 'undo-chains nft:ip:filter:INPUT'],
  ]);
});

const JOURNAL = ['remove /var/lib/meshx', 'undo-journal'];
const RUN = ['remove /run/meshx', 'undo-run'];
const UNDONE = ['record that everything else is undone', 'undo-noted'];
const WAITS = ['path file root:root 0644 1 /etc/a', `digest ${sum('e')} /etc/a`];

test.each<[string, Texts, readonly (readonly string[])[]]>([
  ['the journal goes last', { index: ['unit x.service inactive -'] }, [RUN, JOURNAL]],
  [
    'the journal stays while a path waits, and the rest is recorded as undone',
    { index: ['path absent /etc/a'], now: WAITS },
    [RUN, UNDONE],
  ],
  ['nothing is recorded twice', { index: ['path absent /etc/a'], now: [...WAITS, 'undone'] }, []],
  [
    '/run/meshx was removed by the undo before',
    { index: ['path absent /etc/a'], now: ['path absent /etc/a', 'undone'] },
    [JOURNAL],
  ],
  [
    'a unit that was started since the undo makes the rest run again',
    { index: ['unit x.service inactive -'], now: ['unit x.service active -', 'undone'] },
    [RUN, JOURNAL],
  ],
])('%s', (_title, texts, expected) => {
  expect(step('journal', texts)).toEqual(expected);
});

test('after an undo neither rules nor units are touched again', () => {
  const texts = { index: ['tables', 'unit x.service active enabled'], now: ['tables nft:ip:nat', 'undone'] };
  expect([step('rules', texts), step('units-back', texts)]).toEqual([[], []]);
  const again = { ...texts, index: [...texts.index, 'package p absent'], now: [...texts.now, 'package p 1'] };
  expect([step('rules', again).length, step('units-back', again).length]).toEqual([1, 1]);
});

test('the steps of an undo have their order and titles', () => {
  expect(undoOfTexts({ index: [] }).steps.map(({ id, title }) => `${id}: ${title}`)).toEqual([
    'units: Stop what meshx started',
    'packages: Restore the packages',
    'files: Restore the files',
    'users: Remove the users',
    'rules: Remove empty rule tables',
    'units-back: Start what ran before',
    "journal: Remove meshx's own state",
  ]);
});

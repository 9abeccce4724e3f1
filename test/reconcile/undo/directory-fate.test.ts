import { base64, changesOf, sum, undoOfTexts, type Texts } from './undo-texts.ts';

const D = '/srv/d';
const BEFORE = `path directory root:root 0755 1 ${D}`;
const now = (ownerAndMode: string): readonly string[] => [`path directory ${ownerAndMode} 2 ${D}`];
const back = [`set owner root:root and mode 0755 of ${D}`, `undo-own ${D} root:root 0755`];
const OTHERS = `${D}: its owner or mode was changed by something else (open)`;
const REPLACED = `${D}: it was removed or replaced by something else (open)`;

/** The changes of files with their scripts, then what is kept with its reason. */
function fatesOf(texts: Texts, choices?: Parameters<typeof undoOfTexts>[1]): readonly (string | readonly string[])[] {
  const plan = undoOfTexts(texts, choices);
  const kept = plan.kept.map(({ path, reason, open }) => `${path}: ${reason}${open ? ' (open)' : ''}`);
  return [...changesOf(plan, 'files'), ...kept];
}

test.each<[string, Texts, readonly (string | readonly string[])[]]>([
  ['a directory as before needs nothing', { index: [BEFORE], now: now('root:root 0755') }, []],
  [
    'owner and mode that meshx set return',
    { index: [BEFORE], wrote: [`proxy:proxy=0700 ${D}`], now: now('proxy:proxy 0700') },
    [back],
  ],
  [
    'a mode that meshx set returns',
    { index: [BEFORE], wrote: [`root:root=0700 ${D}`], now: now('root:root 0700') },
    [back],
  ],
  [
    'another owner than the one that meshx set stays',
    { index: [BEFORE], wrote: [`proxy:proxy=0700 ${D}`], now: now('x:x 0700') },
    [OTHERS],
  ],
  [
    'another mode than the one that meshx set stays',
    { index: [BEFORE], wrote: [`proxy:proxy=0700 ${D}`], now: now('proxy:proxy 0711') },
    [OTHERS],
  ],
  [
    'the last of several modes that meshx set returns',
    { index: [BEFORE], wrote: [`root:root=0700 ${D}`, `root:root=0711 ${D}`], now: now('root:root 0711') },
    [back],
  ],
  [
    'what meshx set elsewhere does not count',
    { index: [BEFORE], wrote: ['x:x=0700 /srv/e'], now: now('x:x 0700') },
    [OTHERS],
  ],
  ['format 1 restores owner and mode, whoever set them', { index: [BEFORE], format: 1, now: now('x:x 0700') }, [back]],
  [
    'a directory of the user that meshx made returns to its owner',
    { index: [BEFORE, 'user proxy absent absent'], now: now('proxy:proxy 0755') },
    [back],
  ],
  [
    'a directory of a user who existed before stays',
    { index: [BEFORE, 'user proxy present 997'], now: now('proxy:proxy 0755') },
    [OTHERS],
  ],
  [
    'a directory of another user than the one that meshx made stays',
    { index: [BEFORE, 'user proxy absent absent'], now: now('other:proxy 0755') },
    [OTHERS],
  ],
  ['a directory without an answer needs nothing', { index: [BEFORE] }, []],
  ['a directory that was removed stays removed', { index: [BEFORE], now: [`path absent ${D}`] }, [REPLACED]],
  [
    'a directory that became a file stays one',
    { index: [BEFORE], now: [`path file root:root 0644 2 ${D}`] },
    [REPLACED],
  ],
  [
    'a directory in /run that became a file stays one',
    { index: ['path directory root:root 0755 1 /run/d'], now: ['path file root:root 0644 2 /run/d'] },
    ['/run/d: it was removed or replaced by something else (open)'],
  ],
  [
    'a directory that a reboot removed from /run needs nothing',
    {
      index: ['path directory root:root 0755 1 /run/d'],
      now: ['path absent /run/d'],
    },
    [],
  ],
])('%s', (_title, texts, expected) => {
  expect(fatesOf(texts)).toEqual(expected);
});

test('on request owner, mode and a removed directory return; what replaced one stays', () => {
  const texts = (line: string): Texts => ({ index: [BEFORE], now: [line] });
  const asked = (line: string) => fatesOf(texts(line), { restore: [D] });
  expect(asked(`path directory x:x 0700 2 ${D}`)).toEqual([back]);
  expect(asked(`path absent ${D}`)).toEqual([[`create ${D}`, `undo-directory ${D} root:root 0755`]]);
  expect(asked(`path file root:root 0644 2 ${D}`)).toEqual([REPLACED]);
});

const NEW = [`path absent ${D}`, `path absent ${D}/ours`];
const [OURS, THEIRS] = ['c', 'e'].map(sum);
const wrote = [`${OURS} ${D}/ours`];
const found = (digest: string | undefined, ...inside: readonly string[]): readonly string[] => [
  ...now('root:root 0755'),
  `path file root:root 0644 2 ${D}/ours`,
  `digest ${digest} ${D}/ours`,
  ...[`${D}/ours`, ...inside].map((each) => `inside ${each}`),
];
const gone = [`remove ${D}/ours`, `undo-remove ${D}/ours ${OURS}`];

test.each<[string, Texts, readonly (string | readonly string[])[]]>([
  [
    'a new directory goes after the files in it',
    { index: NEW, wrote, now: found(OURS) },
    [gone, [`remove ${D}`, `undo-rmdir ${D}`]],
  ],
  [
    'a new directory with a file of something else stays, for good',
    { index: NEW, wrote, now: found(OURS, `${D}/theirs`, `${D}/theirs2`) },
    [gone, `${D}: it contains something that meshx did not create: ${D}/theirs`],
  ],
  [
    'a new directory with a file that waits for a decision is not named twice',
    { index: NEW, wrote, now: found(THEIRS) },
    [`${D}/ours: it was changed by something else, and did not exist before (open)`],
  ],
  [
    'a new directory with both names the file of something else',
    { index: NEW, wrote, now: found(THEIRS, `${D}/our`) },
    [
      `${D}: it contains something that meshx did not create: ${D}/our`,
      `${D}/ours: it was changed by something else, and did not exist before (open)`,
    ],
  ],
  [
    'a new directory goes with a secret in it',
    {
      index: [`path absent ${D}`, `path secret ${D}/ours`],
      format: 1,
      now: found(OURS),
    },
    [
      [`remove the secret ${D}/ours`, `undo-remove ${D}/ours -`],
      [`remove ${D}`, `undo-rmdir ${D}`],
    ],
  ],
  [
    'a new directory stays while a package owns a file in it',
    { index: NEW, now: [...found(OURS), `owned ${D}/ours`] },
    [`${D}: it contains something that meshx did not create: ${D}/ours`],
  ],
  [
    'a new directory goes after a tree in it',
    {
      index: [`path absent ${D}`, `path tree-absent ${D}/t`],
      now: [
        ...now('root:root 0755'),
        `path directory root:root 0755 2 ${D}/t`,
        ...['', '/log'].map((each) => `inside ${D}/t${each}`),
      ],
    },
    [
      [`remove ${D}/t and its contents`, `undo-tree ${D}/t`],
      [`remove ${D}`, `undo-rmdir ${D}`],
    ],
  ],
  [
    'a new directory stays with a file of something else beside a tree in it',
    {
      index: [`path absent ${D}`, `path tree-absent ${D}/t`],
      now: [
        ...now('root:root 0755'),
        `path directory root:root 0755 2 ${D}/t`,
        ...['', '/log', '2'].map((each) => `inside ${D}/t${each}`),
      ],
    },
    [
      [`remove ${D}/t and its contents`, `undo-tree ${D}/t`],
      `${D}: it contains something that meshx did not create: ${D}/t2`,
    ],
  ],
  [
    'files beside a new directory, with a longer name, do not keep it',
    { index: NEW, wrote, now: [...found(OURS), `inside ${D}2/theirs`] },
    [gone, [`remove ${D}`, `undo-rmdir ${D}`]],
  ],
  [
    'new directories go from the inside out',
    {
      index: [`path absent ${D}`, `path absent ${D}/in`, `path absent ${D}/in/deep`],
      now: [
        ...['', '/in', '/in/deep'].map((each) => `path directory root:root 0755 2 ${D}${each}`),
        `inside ${D}/in`,
        `inside ${D}/in/deep`,
      ],
    },
    ['/in/deep', '/in', ''].map((each) => [`remove ${D}${each}`, `undo-rmdir ${D}${each}`]),
  ],
  [
    'a folder that only leads to a file that waits does not count as something else',
    {
      index: [`path absent ${D}`, `path absent ${D}/in/ours`],
      wrote: [`${OURS} ${D}/in/ours`],
      now: [
        ...now('root:root 0755'),
        `path file root:root 0644 2 ${D}/in/ours`,
        `digest ${THEIRS} ${D}/in/ours`,
        `inside ${D}/in`,
        `inside ${D}/in/ours`,
      ],
    },
    [`${D}/in/ours: it was changed by something else, and did not exist before (open)`],
  ],
])('%s', (_title, texts, expected) => {
  expect(fatesOf(texts)).toEqual(expected);
});

test('on request a new directory goes with files of others in it; `everything` does not reach them', () => {
  const texts = { index: NEW, wrote, now: found(OURS, `${D}/theirs`) };
  expect(fatesOf(texts, { restore: [D] })).toContainEqual([`remove ${D} and its contents`, `undo-tree ${D}`]);
  expect(fatesOf(texts, { everything: true })).toContainEqual(
    `${D}: it contains something that meshx did not create: ${D}/theirs`,
  );
  expect(fatesOf({ index: NEW, wrote, now: found(OURS) }, { restore: [D] })).toContainEqual([
    `remove ${D}`,
    `undo-rmdir ${D}`,
  ]);
});

const TREE = [`path tree-absent ${D}`];

test.each<[string, Texts, readonly (string | readonly string[])[]]>([
  [
    'a tree goes with all that is in it',
    { index: TREE, now: [...now('root:root 0755'), `inside ${D}/x`] },
    [[`remove ${D} and its contents`, `undo-tree ${D}`]],
  ],
  [
    'a file instead of a tree goes',
    { index: TREE, now: [`path file root:root 0644 2 ${D}`] },
    [[`remove ${D}`, `undo-tree ${D}`]],
  ],
  [
    'a link instead of a tree goes',
    { index: TREE, now: [`path link ${base64('x')} ${D}`] },
    [[`remove ${D}`, `undo-tree ${D}`]],
  ],
  ['a tree that is gone needs nothing', { index: TREE, now: [`path absent ${D}`] }, []],
  ['a tree without an answer needs nothing', { index: TREE }, []],
  [
    'a tree in a tree goes with the outer one',
    {
      index: [...TREE, `path tree-absent ${D}/in`],
      now: [...now('root:root 0755'), `path directory root:root 0755 2 ${D}/in`, `inside ${D}/in`],
    },
    [[`remove ${D} and its contents`, `undo-tree ${D}`]],
  ],
  [
    'a tree in one that is gone goes alone',
    {
      index: [...TREE, `path tree-absent ${D}/in`],
      now: [`path absent ${D}`, `path directory root:root 0755 2 ${D}/in`],
    },
    [[`remove ${D}/in and its contents`, `undo-tree ${D}/in`]],
  ],
  [
    'a tree in one without an answer goes alone',
    { index: [...TREE, `path tree-absent ${D}/in`], now: [`path directory root:root 0755 2 ${D}/in`] },
    [[`remove ${D}/in and its contents`, `undo-tree ${D}/in`]],
  ],
  [
    'a file in a tree without an answer needs nothing',
    { index: [...TREE, `path absent ${D}/x`], now: [`path absent ${D}`] },
    [],
  ],
  [
    'files in a tree need no change of their own, whoever edited them',
    {
      index: [...TREE, `path absent ${D}/x`],
      now: [...now('root:root 0755'), `path file root:root 0644 2 ${D}/x`, `digest ${THEIRS} ${D}/x`, `inside ${D}/x`],
    },
    [[`remove ${D} and its contents`, `undo-tree ${D}`]],
  ],
])('%s', (_title, texts, expected) => {
  expect(fatesOf(texts)).toEqual(expected);
});

/** A tree with a file that is made to be edited by others as well. */
const EDITED: Texts = {
  index: [...TREE, `path absent ${D}/x.env`],
  now: [
    ...now('root:root 0755'),
    `path file root:root 0644 2 ${D}/x.env`,
    `digest ${THEIRS} ${D}/x.env`,
    `ours 1 ${base64('A=1\n')} ${D}/x.env`,
    `text 0 ${base64('A=1\nB=2\n')} ${D}/x.env`,
    `inside ${D}/x.env`,
  ],
};
const WAITS = `${D}/x.env: it was changed by something else, and did not exist before (open)`;

test('a tree with nothing but an edited file that waits stays; with more it goes around that file', () => {
  expect(fatesOf(EDITED)).toEqual([WAITS]);
  expect(fatesOf({ ...EDITED, now: [...EDITED.now!, 'inside /srv/other/x'] })).toEqual([WAITS]);
  expect(fatesOf({ ...EDITED, now: [...EDITED.now!, `inside ${D}/log`] })).toEqual([
    [`remove ${D} and its contents except ${D}/x.env`, `undo-tree ${D} ${D}/x.env`],
    WAITS,
  ]);
});

test('an edited file in a tree goes with the tree on request, and if only meshx wrote it', () => {
  const whole = [[`remove ${D} and its contents`, `undo-tree ${D}`]];
  expect(fatesOf(EDITED, { restore: [`${D}/x.env`] })).toEqual(whole);
  expect(fatesOf(EDITED, { everything: true })).toEqual(whole);
  const own = {
    ...EDITED,
    wrote: [`${THEIRS} ${D}/x.env`],
    now: EDITED.now!.map((line) => line.replace(base64('A=1\nB=2\n'), base64('A=1\n'))),
  };
  expect(fatesOf(own)).toEqual(whole);
});

test('what the operator keeps stays without a question, also in a directory that goes', () => {
  const texts = { index: NEW, wrote, now: found(OURS) };
  const plan = undoOfTexts(texts, { keep: [`${D}/ours`] });
  expect([changesOf(plan, 'files'), plan.kept]).toEqual([[], []]);
  expect(fatesOf({ ...EDITED, now: [...EDITED.now!, `inside ${D}/log`] }, { keep: [`${D}/x.env`] })).toEqual([
    [`remove ${D} and its contents except ${D}/x.env`, `undo-tree ${D} ${D}/x.env`],
  ]);
  expect(fatesOf(EDITED, { keep: [D] })).toEqual([WAITS]);
});

test('paths are restored in the reverse order of the journal', () => {
  const [a, b] = ['/etc/a', '/etc/b'];
  const lines = [a, b].flatMap((path) => [`path file root:root 0644 2 ${path}`, `digest ${OURS} ${path}`]);
  const texts = {
    index: [`path absent ${a}`, `path absent ${b}`],
    wrote: [`${OURS} ${a}`, `${OURS} ${b}`],
    now: lines,
  };
  expect(changesOf(undoOfTexts(texts), 'files').map(([summary]) => summary)).toEqual([`remove ${b}`, `remove ${a}`]);
});

/** A file in the tree that is made to be edited by others as well, and was. */
const edited = (path: string): readonly string[] => [
  `path file root:root 0644 2 ${path}`,
  `digest ${THEIRS} ${path}`,
  `ours 1 ${base64('A=1\n')} ${path}`,
  `text 0 ${base64('A=1\nB=2\n')} ${path}`,
  `inside ${path}`,
];

test('a tree goes around all files in it that wait, and stays if there is nothing else but folders that lead to them', () => {
  const paths = [`${D}/in/x.env`, `${D}/y.env`];
  const texts: Texts = {
    index: [...TREE, ...paths.map((path) => `path absent ${path}`)],
    now: [...now('root:root 0755'), `inside ${D}/in`, ...paths.flatMap(edited)],
  };
  const waits = paths.map((path) => `${path}: it was changed by something else, and did not exist before (open)`);
  expect(fatesOf(texts)).toEqual(waits);
  expect(fatesOf({ ...texts, now: [...texts.now!, `inside ${D}/log`] })).toEqual([
    [`remove ${D} and its contents except ${paths.join(', ')}`, `undo-tree ${D} ${paths.join(' ')}`],
    ...waits,
  ]);
});

test('a new directory stays around a tree in which a file waits', () => {
  const path = `${D}/t/x.env`;
  const texts: Texts = {
    index: [`path absent ${D}`, `path tree-absent ${D}/t`, `path absent ${path}`],
    now: [
      ...now('root:root 0755'),
      `path directory root:root 0755 2 ${D}/t`,
      ...[`${D}/t`, `${D}/t/log`].map((each) => `inside ${each}`),
      ...edited(path),
    ],
  };
  expect(fatesOf(texts)).toEqual([
    [`remove ${D}/t and its contents except ${path}`, `undo-tree ${D}/t ${path}`],
    `${path}: it was changed by something else, and did not exist before (open)`,
  ]);
});

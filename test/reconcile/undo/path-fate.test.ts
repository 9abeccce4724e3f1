import { sha256 } from '../../../src/reconcile/sha256.ts';
import { base64, changesOf, sum, undoOfTexts, type Texts } from './undo-texts.ts';

const A = '/etc/a';
const [BEFORE, OURS, THEIRS] = ['b', 'c', 'e'].map(sum);
const file = (digest: string | undefined, more = 'root:root 0644 2', path = A): readonly string[] => [
  `path file ${more} ${path}`,
  ...(digest === undefined ? [] : [`digest ${digest} ${path}`]),
];
const ours = `${OURS} ${A}`;
const copy = `copy ${BEFORE} ${A}`;

/** The change of the only path with its script, the reason why it is kept, or nothing. */
function fateOf(texts: Texts, choices?: Parameters<typeof undoOfTexts>[1]): string | readonly string[] {
  const plan = undoOfTexts(texts, choices);
  const [change] = changesOf(plan, 'files');
  return (
    change ?? plan.kept.map(({ path, reason, open }) => `${path}: ${reason}${open ? ' (open)' : ''}`)[0] ?? 'nothing'
  );
}

const WAS_ABSENT = { index: [`path absent ${A}`], wrote: [ours] };
const WAS_FILE = { index: [`path file root:root 0600 1.5 ${A}`], wrote: [ours] };
const WAS_LINK = { index: [`path link ${base64('before')} ${A}`], wrote: [`link=${base64('ours')} ${A}`] };
const WAS_SECRET = { index: [`path secret ${BEFORE} ${A}`] };

const removed = (digest: string | undefined): readonly string[] => [`remove ${A}`, `undo-remove ${A} ${digest}`];
const restored = (digest: string | undefined): readonly string[] => [
  `restore ${A}`,
  `undo-restore ${A} ${digest} root:root 0600 1.5`,
];
const linked = [`restore the link ${A}`, `undo-link ${A} before`];
const NEW_CHANGED = `${A}: it was changed by something else, and did not exist before (open)`;
const CHANGED = `${A}: it was changed by something else (open)`;
const GONE = `${A}: it was removed by something else (open)`;

test.each<[string, Texts, string | readonly string[]]>([
  ['a new file that meshx wrote is removed', { ...WAS_ABSENT, now: file(OURS) }, removed(OURS)],
  ['a new file that is gone needs nothing', { ...WAS_ABSENT, now: [`path absent ${A}`] }, 'nothing'],
  ['a new file with other content stays', { ...WAS_ABSENT, now: file(THEIRS) }, NEW_CHANGED],
  ['a new file that was not read stays', { ...WAS_ABSENT, now: file(undefined) }, NEW_CHANGED],
  ['a new file goes with the package that owns it', { ...WAS_ABSENT, now: [...file(OURS), `owned ${A}`] }, 'nothing'],
  [
    'a new file of a package goes with it unread',
    { ...WAS_ABSENT, now: [...file(undefined), `owned ${A}`] },
    'nothing',
  ],
  ['a link instead of a new file stays', { ...WAS_ABSENT, now: [`path link ${base64('x')} ${A}`] }, NEW_CHANGED],
  [
    'a new link that meshx made is removed',
    { index: WAS_ABSENT.index, wrote: WAS_LINK.wrote, now: [`path link ${base64('ours')} ${A}`] },
    removed('-'),
  ],
  ['a path without an answer needs nothing', WAS_ABSENT, 'nothing'],
  ['a special file before needs nothing', { index: [`path other ${A}`], now: file(THEIRS) }, 'nothing'],
  ['format 1 removes a new file, whatever it has', { ...WAS_ABSENT, format: 1, now: file(THEIRS) }, removed(THEIRS)],
  [
    'format 1 leaves the file of a package to the package',
    { ...WAS_ABSENT, format: 1, now: [...file(THEIRS), `owned ${A}`, `ours 1 ${base64('x\n')} ${A}`] },
    'nothing',
  ],
  ['a file as meshx wrote it is restored', { ...WAS_FILE, now: [...file(OURS), copy] }, restored(OURS)],
  ['a file with other content stays', { ...WAS_FILE, now: [...file(THEIRS), copy] }, CHANGED],
  ['a file that was removed stays removed', { ...WAS_FILE, now: [`path absent ${A}`, copy] }, GONE],
  ['a file that became a directory stays one', { ...WAS_FILE, now: [`path directory root:root 0755 2 ${A}`] }, CHANGED],
  [
    'a file without a copy that became a link stays one',
    { ...WAS_FILE, now: [`path link ${base64('x')} ${A}`] },
    CHANGED,
  ],
  ['a file that became a link stays one', { ...WAS_FILE, now: [`path link ${base64('x')} ${A}`, copy] }, CHANGED],
  [
    'a file with its former content, owner and mode needs nothing',
    { ...WAS_FILE, now: [...file(BEFORE, 'root:root 0600 2'), copy] },
    'nothing',
  ],
  [
    'a file with its former content gets its former mode',
    { ...WAS_FILE, now: [...file(BEFORE, 'root:root 0644 2'), copy] },
    [`set owner root:root and mode 0600 of ${A}`, `undo-restore ${A} ${BEFORE} root:root 0600 1.5`],
  ],
  [
    'a file with its former content gets its former owner',
    { ...WAS_FILE, now: [...file(BEFORE, 'proxy:proxy 0600 2'), copy] },
    [`set owner root:root and mode 0600 of ${A}`, `undo-restore ${A} ${BEFORE} root:root 0600 1.5`],
  ],
  ['a link that meshx replaced is restored', { ...WAS_LINK, now: [`path link ${base64('ours')} ${A}`] }, linked],
  ['a link as before needs nothing', { ...WAS_LINK, now: [`path link ${base64('before')} ${A}`] }, 'nothing'],
  ['a link to elsewhere stays', { ...WAS_LINK, now: [`path link ${base64('x')} ${A}`] }, CHANGED],
  ['a link that meshx replaced with a file is restored', { ...WAS_LINK, wrote: [ours], now: file(OURS) }, linked],
  ['a link that was removed stays removed', { ...WAS_LINK, now: [`path absent ${A}`] }, GONE],
  [
    'a secret that meshx wrote is removed',
    { ...WAS_SECRET, now: file(OURS) },
    [`remove the secret ${A}`, `undo-remove ${A} -`],
  ],
  ['a secret as before needs nothing', { ...WAS_SECRET, now: file(BEFORE) }, 'nothing'],
  ['a secret that is gone needs nothing', { ...WAS_SECRET, now: [`path absent ${A}`] }, 'nothing'],
  [
    'a secret of format 1, whose digest is unknown, is removed',
    { index: [`path secret ${A}`], format: 1, now: file(undefined) },
    [`remove the secret ${A}`, `undo-remove ${A} -`],
  ],
])('%s', (_title, texts, expected) => {
  expect(fateOf(texts)).toEqual(expected);
});

test('a link in /run that a reboot removed needs nothing', () => {
  const path = '/run/a';
  const index = [`path link ${base64('before')} ${path}`];
  expect(fateOf({ index, now: [`path absent ${path}`] })).toBe('nothing');
  expect(fateOf({ index, now: [`path link ${base64('x')} ${path}`] })).toContain('changed by something else');
});

test.each<[string, Texts, string | readonly string[]]>([
  ['a new file with other content is removed', { ...WAS_ABSENT, now: file(THEIRS) }, removed(THEIRS)],
  ['a new file that was not read is removed', { ...WAS_ABSENT, now: file(undefined) }, removed('-')],
  ['a new file of a package goes with it', { ...WAS_ABSENT, now: [...file(THEIRS), `owned ${A}`] }, 'nothing'],
  ['a file with other content is restored', { ...WAS_FILE, now: [...file(THEIRS), copy] }, restored(THEIRS)],
  ['a file that was removed is restored', { ...WAS_FILE, now: [`path absent ${A}`, copy] }, restored('-')],
  ['a link to elsewhere is restored', { ...WAS_LINK, now: [`path link ${base64('x')} ${A}`] }, linked],
  ['a link that was removed is restored', { ...WAS_LINK, now: [`path absent ${A}`] }, linked],
  ['a file as before needs nothing', { ...WAS_FILE, now: [...file(BEFORE, 'root:root 0600 2'), copy] }, 'nothing'],
])('on request %s', (_title, texts, expected) => {
  expect(fateOf(texts, { restore: [A] })).toEqual(expected);
  expect(fateOf(texts, { everything: true })).toEqual(expected);
});

/** The lines of an answer about a file with meshx's edits. */
function editedFile(text: string, edits: readonly (readonly [base: string | undefined, ours: string])[]) {
  return [
    ...file(sha256(text)),
    ...edits.flatMap(([base, made], at) => [
      ...(base === undefined ? [] : [`base ${at + 1} ${base64(base)} ${A}`]),
      `ours ${at + 1} ${base64(made)} ${A}`,
    ]),
    `text 0 ${base64(text)} ${A}`,
  ];
}

test.each<[string, Texts, string | readonly string[]]>([
  [
    "a new file with only meshx's lines is removed",
    { ...WAS_ABSENT, wrote: [`${sha256('ours\n')} ${A}`], now: editedFile('ours\n', [[undefined, 'ours\n']]) },
    removed(sha256('ours\n')),
  ],
  [
    'a new file stays if lines of others are left',
    {
      ...WAS_ABSENT,
      wrote: [`${sha256('theirs\nours\n')} ${A}`],
      now: editedFile('theirs\nours\n', [
        [undefined, 'a\n'],
        ['theirs\n', 'theirs\nours\n'],
      ]),
    },
    `${A}: it has lines from something else, and did not exist before (open)`,
  ],
  [
    'a new file that a package brought stays if others added lines to it',
    {
      ...WAS_ABSENT,
      wrote: [`${sha256('packaged\ntheirs\nours\n')} ${A}`],
      now: editedFile('packaged\ntheirs\nours\n', [['packaged\n', 'packaged\nours\n']]),
    },
    `${A}: it has lines from something else, and did not exist before (open)`,
  ],
  [
    'a new file stays if meshx edited it twice and it had lines before',
    {
      ...WAS_ABSENT,
      wrote: [`${sha256('a\no1\no2\n')} ${A}`],
      now: editedFile('a\no1\no2\n', [
        ['a\n', 'a\no1\n'],
        ['a\no1\n', 'a\no1\no2\n'],
      ]),
    },
    `${A}: it has lines from something else, and did not exist before (open)`,
  ],
  [
    'a new file as meshx wrote it is removed, although its text is not UTF-8',
    {
      ...WAS_ABSENT,
      now: [
        ...file(OURS),
        `base 1 ${base64('KEY=1\n')} ${A}`,
        `ours 1 ${base64('KEY=2\n')} ${A}`,
        `text 0 ${Buffer.from([0xff]).toString('base64')} ${A}`,
      ],
    },
    removed(OURS),
  ],
  [
    'a file with one edit as meshx made it is restored, although its text is not UTF-8',
    {
      ...WAS_FILE,
      now: [
        ...file(OURS),
        copy,
        `base 1 ${base64('a\n')} ${A}`,
        `ours 1 ${base64('a\nours\n')} ${A}`,
        `text 0 ${Buffer.from([0xff]).toString('base64')} ${A}`,
      ],
    },
    restored(OURS),
  ],
  [
    "a new file that a package brought is removed with meshx's edit of it",
    {
      ...WAS_ABSENT,
      wrote: [`${sha256('packaged\nours\n')} ${A}`],
      now: editedFile('packaged\nours\n', [['packaged\n', 'packaged\nours\n']]),
    },
    removed(sha256('packaged\nours\n')),
  ],
  [
    'a new file of a package with its edit goes with the package',
    {
      ...WAS_ABSENT,
      wrote: [`${sha256('packaged\nours\n')} ${A}`],
      now: [...editedFile('packaged\nours\n', [['packaged\n', 'packaged\nours\n']]), `owned ${A}`],
    },
    'nothing',
  ],
  [
    'a file of a package that others edited after meshx is not taken for the package’s',
    { ...WAS_ABSENT, now: [...editedFile('ours\ntheirs\n', [[undefined, 'ours\n']]), `owned ${A}`] },
    NEW_CHANGED,
  ],
  [
    'a file with one edit as meshx made it is restored',
    {
      ...WAS_FILE,
      wrote: [`${sha256('a\nours\n')} ${A}`],
      now: [...editedFile('a\nours\n', [['a\n', 'a\nours\n']]), `copy ${sha256('a\n')} ${A}`],
    },
    restored(sha256('a\nours\n')),
  ],
  [
    'a file with lines of others only loses the lines of meshx',
    {
      ...WAS_FILE,
      now: [...editedFile('a\nours\ntheirs\n', [['a\n', 'a\nours\n']]), `copy ${sha256('a\n')} ${A}`],
    },
    [`remove meshx's lines from ${A}`, `undo-text ${A} ${sha256('a\nours\ntheirs\n')} ${sha256('a\ntheirs\n')}`],
  ],
  [
    'a file whose text without edits is the former one is restored, times included',
    {
      ...WAS_FILE,
      now: [
        ...editedFile('a\nours\nmore\n', [
          ['a\n', 'a\nours\n'],
          ['a\nours\n', 'a\nours\nmore\n'],
        ]),
        `copy ${sha256('a\n')} ${A}`,
      ],
    },
    restored(sha256('a\nours\nmore\n')),
  ],
  [
    'of a file that meshx edited twice only the lines of meshx go, even if it is as meshx wrote it',
    {
      ...WAS_FILE,
      wrote: [`${sha256('a\nours\ntheirs\nmore\n')} ${A}`],
      now: [
        ...editedFile('a\nours\ntheirs\nmore\n', [
          ['a\n', 'a\nours\n'],
          ['a\nours\ntheirs\n', 'a\nours\ntheirs\nmore\n'],
        ]),
        `copy ${sha256('a\n')} ${A}`,
      ],
    },
    [`remove meshx's lines from ${A}`, `undo-text ${A} ${sha256('a\nours\ntheirs\nmore\n')} ${sha256('a\ntheirs\n')}`],
  ],
  [
    'a file without the lines of meshx needs nothing',
    { ...WAS_FILE, now: [...editedFile('a\ntheirs\n', [['a\n', 'a\nours\n']]), `copy ${sha256('a\n')} ${A}`] },
    'nothing',
  ],
  [
    'a file in which others changed the very lines stays',
    {
      ...WAS_FILE,
      now: [...editedFile('theirs\n', [['before\n', 'ours\n']]), `copy ${sha256('before\n')} ${A}`],
    },
    CHANGED,
  ],
  [
    'a file whose text is not UTF-8 stays',
    {
      ...WAS_FILE,
      now: [
        ...file(THEIRS),
        copy,
        `base 1 ${base64('a\n')} ${A}`,
        `ours 1 ${base64('a\nours\n')} ${A}`,
        `text 0 ${Buffer.from([0xff]).toString('base64')} ${A}`,
      ],
    },
    CHANGED,
  ],
])('%s', (_title, texts, expected) => {
  expect(fateOf(texts)).toEqual(expected);
});

test('the text without the lines of meshx is the input of its script', () => {
  const now = [...editedFile('a\nours\ntheirs\n', [['a\n', 'a\nours\n']]), `copy ${sha256('a\n')} ${A}`];
  const { steps } = undoOfTexts({ ...WAS_FILE, now });
  expect(steps.flatMap(({ changes }) => changes)[0]?.scripts.map(({ stdin }) => stdin)).toEqual(['a\ntheirs\n']);
});

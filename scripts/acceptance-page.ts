export interface TestResult {
  /** test/mesh/….test.ts */
  readonly file: string;
  /** Starts with the rows it shows: "[A27 F1] cluster.env is exactly one line". */
  readonly title: string;
  readonly passed: boolean;
}

/** Why no test shows a row. */
export interface Excuse {
  readonly state: 'later' | 'out of scope';
  readonly reason: string;
}

export interface Page {
  readonly text: string;
  /** Rows with tests, all of which passed. */
  readonly shown: number;
  readonly later: number;
  readonly outOfScope: number;
  /** Rows without test and reason, reasons of rows that have a test, failed tests, unknown rows. Empty when all is well. */
  readonly complaints: readonly string[];
}

/** How many rows each founding document has. */
const LAST = { A: 97, B: 66, C: 39, D: 50, E: 44, F: 86 } as const;

/** Tests of one file that a row names. */
const MOST_TITLES = 3;

/** A1 to A95 and F1 to F86: the rows this page answers for. */
export const rows: readonly string[] = [...numbered('A', 95), ...numbered('F', LAST.F)];

/** The rows named at the start of a test's title; `A47-A51` and `A47-51` stand for all five. */
export function rowsOf(title: string): readonly string[] {
  const words = /^\[([^\]]*)\]/.exec(title)?.[1]?.split(/[\s,]+/) ?? [];
  return words.flatMap((word) => {
    const range = /^([A-F])(\d+)-\1?(\d+)$/.exec(word);
    if (!range) return /^[A-F]\d+$/.test(word) ? [word] : [];
    const [, letter = '', from, to] = range;
    return numbered(letter, Number(to)).slice(Number(from) - 1);
  });
}

/** The page, and what is wrong with it. Pure: the order of the results means nothing. */
export function acceptancePage(results: readonly TestResult[], excuses: Readonly<Record<string, Excuse>>): Page {
  const sorted = results.toSorted((a, b) => order(a.file, b.file) || order(a.title, b.title));
  const tests = new Map<string, readonly TestResult[]>();
  for (const result of sorted) {
    for (const row of rowsOf(result.title)) tests.set(row, [...(tests.get(row) ?? []), result]);
  }
  const shown = rows.filter((row) => tests.get(row)?.every(({ passed }) => passed)).length;
  const count = (state: Excuse['state']) =>
    rows.filter((row) => !tests.has(row) && excuses[row]?.state === state).length;
  const [later, outOfScope] = [count('later'), count('out of scope')];
  const complaints = [
    ...rows.flatMap((row) => complaintsOf(row, tests.get(row) ?? [], excuses[row])),
    ...[...tests.keys(), ...Object.keys(excuses)].filter((row) => !exists(row)).map((row) => `${row}: no such row`),
  ];
  const text = [
    '# Acceptance',
    '',
    'Made by `npm run acceptance` from the results of `npm test` and `npm run test:e2e`; not edited by hand.',
    `Of ${rows.length} rows ${shown} are shown by passing tests, ${later} come later, ${outOfScope} are out of scope.`,
    '',
    '| row | shown by |',
    '|---|---|',
    ...rows.map((row) => `| ${row} | ${stateOf(tests.get(row), excuses[row])} |`),
    '',
  ].join('\n');
  return { text, shown, later, outOfScope, complaints };
}

function numbered(letter: string, last: number): readonly string[] {
  return Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
}

function exists(row: string): boolean {
  const [, letter = '', number = ''] = /^([A-F])(\d+)$/.exec(row) ?? [];
  return Number(number) >= 1 && Number(number) <= (LAST[letter as keyof typeof LAST] ?? 0);
}

/** By code points: the same on every machine, whatever its language. */
function order(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}

function stateOf(tests: readonly TestResult[] | undefined, excuse: Excuse | undefined): string {
  if (!tests) return excuse ? `${excuse.state}: ${cell(excuse.reason)}` : '**nothing**';
  const files = [...new Set(tests.map(({ file }) => file))];
  return files.map((file) => `${inOneFile(tests.filter((each) => each.file === file))} (\`${file}\`)`).join('<br>');
}

/** The first few titles; a table of cases would make the row a page of its own. */
function inOneFile(tests: readonly TestResult[]): string {
  // One title stands for the same test on each release of the system.
  const titles = [
    ...new Set(tests.map(({ title, passed }) => `${passed ? '' : '**failed** '}${cell(sentence(title))}`)),
  ];
  const more = titles.length - MOST_TITLES;
  return more > 1 ? `${titles.slice(0, MOST_TITLES).join('; ')}; and ${more} more` : titles.join('; ');
}

function sentence(title: string): string {
  return title.replace(/^\[[^\]]*\]\s*/, '');
}

function complaintsOf(row: string, tests: readonly TestResult[], excuse: Excuse | undefined): readonly string[] {
  const failed = tests.filter(({ passed }) => !passed).map(({ title }) => `${row}: the test failed: ${title}`);
  if (tests.length === 0 && !excuse) return [`${row}: no test and no reason`];
  if (tests.length > 0 && excuse)
    return [...failed, `${row}: has a test, so its reason in acceptance-excuses.json goes`];
  return failed;
}

function cell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\|*`]/g, '\\$&')
    .replaceAll('<', '&lt;');
}

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
  readonly shown: number;
  readonly excused: number;
  /** Rows without test and reason, reasons of rows that have a test, failed tests, unknown rows. Empty when all is well. */
  readonly complaints: readonly string[];
}

/** A1 to A88 and F1 to F86: the rows this page answers for. */
export const rows: readonly string[] = [
  ...Array.from({ length: 88 }, (_, index) => `A${index + 1}`),
  ...Array.from({ length: 86 }, (_, index) => `F${index + 1}`),
];

/** The rows named at the start of a test's title; `A47-A51` stands for all five. */
export function rowsOf(title: string): readonly string[] {
  const words = /^\[([^\]]*)\]/.exec(title)?.[1]?.split(/[\s,]+/) ?? [];
  return words.flatMap((word) => {
    const range = /^([A-F])(\d+)-\1?(\d+)$/.exec(word);
    if (!range) return /^[A-F]\d+$/.test(word) ? [word] : [];
    const [, letter, from, to] = range;
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`);
  });
}

/** The page, and what is wrong with it. Pure. */
export function acceptancePage(results: readonly TestResult[], excuses: Readonly<Record<string, Excuse>>): Page {
  const tests = new Map<string, TestResult[]>();
  for (const result of results) {
    for (const row of rowsOf(result.title)) tests.set(row, [...(tests.get(row) ?? []), result]);
  }
  const complaints = rows.flatMap((row) => complaintsOf(row, tests.get(row) ?? [], excuses[row]));
  const shownRows = rows.filter((row) => tests.has(row));
  const lines = rows.map((row) => `| ${row} | ${stateOf(tests.get(row), excuses[row])} |`);
  const text = [
    '# Acceptance',
    '',
    'Made by `npm run acceptance` from the results of `npm test` and `npm run test:e2e`; not edited by hand.',
    `${shownRows.length} of ${rows.length} rows are shown by passing tests.`,
    '',
    '| row | shown by |',
    '|---|---|',
    ...lines,
    '',
  ].join('\n');
  return { text, shown: shownRows.length, excused: rows.length - shownRows.length, complaints };
}

function stateOf(tests: readonly TestResult[] | undefined, excuse: Excuse | undefined): string {
  if (tests) {
    return tests
      .map(({ file, title, passed }) => `${passed ? '' : '**failed** '}${cell(title)} (\`${file}\`)`)
      .join('<br>');
  }
  return excuse ? `${excuse.state}: ${cell(excuse.reason)}` : '**nothing**';
}

function complaintsOf(row: string, tests: readonly TestResult[], excuse: Excuse | undefined): readonly string[] {
  const failed = tests.filter(({ passed }) => !passed).map(({ title }) => `${row}: the test failed: ${title}`);
  if (tests.length === 0 && !excuse) return [`${row}: no test and no reason`];
  if (tests.length > 0 && excuse)
    return [...failed, `${row}: has a test, so its reason in acceptance-excuses.json goes`];
  return failed;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

import { parse } from 'yaml';

/** One requirement: its sentence, and the tests that show it by file, or why no test does yet. */
export interface Requirement {
  readonly requirement: string;
  readonly tests?: Readonly<Record<string, readonly string[]>>;
  readonly open?: 'later' | 'out of scope';
  readonly reason?: string;
}

export type Requirements = Readonly<Record<string, Requirement>>;

export interface TestResult {
  /** test/mesh/….test.ts */
  readonly file: string;
  readonly title: string;
  readonly passed: boolean;
}

/** Titles of one file that a row of the page shows. */
const MOST_TITLES = 3;

/** Reads `test/requirements.yaml`. */
export function readRequirements(text: string): Requirements {
  return parse(text) as Requirements;
}

/** The tests of a requirement, one by one. */
export function testsOf({ tests = {} }: Requirement): readonly { readonly file: string; readonly title: string }[] {
  return Object.entries(tests).flatMap(([file, titles]) => titles.map((title) => ({ file, title })));
}

/** docs/acceptance.md, made from the requirements alone. */
export function acceptancePage(requirements: Requirements): string {
  const all = Object.values(requirements);
  const shown = all.filter(({ open }) => open === undefined).length;
  const count = (state: Requirement['open']): number => all.filter(({ open }) => open === state).length;
  return [
    '# Acceptance',
    '',
    'Made by `npm run acceptance` from `test/requirements.yaml`; not edited by hand.',
    `Of ${all.length} requirements ${shown} are covered by tests, ${count('later')} come later, ${count('out of scope')} are out of scope.`,
    '',
    '| id | requirement | covered by |',
    '|---|---|---|',
    ...Object.entries(requirements).map(([id, each]) => `| ${id} | ${cell(each.requirement)} | ${coverage(each)} |`),
    '',
  ].join('\n');
}

/** What the results of a test run contradict: a test that failed, or that did not run. */
export function complaints(requirements: Requirements, results: readonly TestResult[]): readonly string[] {
  return Object.entries(requirements).flatMap(([id, requirement]) =>
    testsOf(requirement).flatMap(({ file, title }) => {
      const pattern = titlePattern(title);
      const ran = results.filter((result) => result.file === file && pattern.test(result.title));
      if (ran.length === 0) return [`${id}: did not run: ${file} › ${title}`];
      return ran.filter(({ passed }) => !passed).map((result) => `${id}: failed: ${file} › ${result.title}`);
    }),
  );
}

/** A title in the source stands for the title of each of its cases: `%s`, `$name` and `${…}` are filled in. */
function titlePattern(title: string): RegExp {
  const parts = title.split(/%[sdifjoOp#$]|\$\{[^}]*\}|\$[\w.]+/);
  return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*')}$`);
}

function coverage(requirement: Requirement): string {
  if (requirement.open) return `${requirement.open}: ${cell(requirement.reason ?? '')}`;
  const files = Object.entries(requirement.tests ?? {});
  return files.map(([file, titles]) => `${inOneFile(titles)} (\`${file}\`)`).join('<br>');
}

/** The first few titles; a table of cases would make the row a page of its own. */
function inOneFile(titles: readonly string[]): string {
  const more = titles.length - MOST_TITLES;
  const first = more > 1 ? titles.slice(0, MOST_TITLES) : titles;
  return [...first.map(escaped), ...(more > 1 ? [`and ${more} more`] : [])].join('; ');
}

/** A sentence keeps its `code`; only what would end the cell is escaped. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function escaped(text: string): string {
  return cell(text.replaceAll(/[\\*`]/g, '\\$&'));
}

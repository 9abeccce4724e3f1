import type { Result } from './run-case.ts';
import { VARIANT_NAMES, VARIANTS } from './variants.ts';

/** A line of the kept results. */
export interface KeptResult extends Result {
  readonly commit: string;
}

/** Reads results as the run writes them: a JSON object in each line. */
export function parseResults(text: string): readonly KeptResult[] {
  // as: written by test/broken/main.ts.
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as KeptResult);
}

/** Heading of the part of docs/checks.md that is made from the results. It is the last one. */
const HEADING = '## Broken on purpose';

/** docs/checks.md with the table of the kept results. Pure. */
export function withResults(page: string, results: readonly KeptResult[]): string {
  const [own = ''] = page.split(`\n${HEADING}\n`);
  return `${own.trimEnd()}\n\n${section(results).join('\n')}\n`;
}

function section(results: readonly KeptResult[]): readonly string[] {
  const cases = [...new Set(results.map((each) => each.case))];
  const variants = VARIANT_NAMES.filter((name) => results.some(({ variant }) => variant === name));
  const good = results.filter(({ verdict }) => verdict === 'fixed' || verdict === 'person');
  const commits = [...new Set(results.map(({ commit }) => commit))].join(', ');
  return [
    ...[HEADING, ''],
    'Made by `npx tsx scripts/broken.ts` from `docs/broken.jsonl`, the results of `npm run test:broken`; do not edit this part by hand.',
    '',
    'A VM of the lab with MariaDB and an HTTP service is in a mesh. Each case breaks the mesh in one way. `meshx check` must then name exactly these',
    'checks, and the command of the hint, typed as it is printed, must make the mesh healthy again; otherwise the table says why a person decides.',
    'Before and after each case `meshx check` finds nothing at all, not even a note.',
    '',
    `${good.length} of ${results.length} runs of ${cases.length} cases did so, on ${variants.map((name) => VARIANTS[name].what).join(', ')} (commit ${commits}).`,
    '',
    `| what is broken | check | the hint | ${variants.map((name) => VARIANTS[name].what).join(' | ')} |`,
    `|---|---|---|${variants.map(() => '---|').join('')}`,
    ...cases.map((name) =>
      row(
        results.filter((each) => each.case === name),
        variants,
      ),
    ),
  ];
}

function row(results: readonly KeptResult[], variants: readonly KeptResult['variant'][]): string {
  const [{ what, expected, typed, person }] = results as [KeptResult];
  const remedy = typed === undefined ? `a person decides: ${person ?? ''}` : `typed: ${code(typed)}`;
  const verdicts = variants.map((name) => verdictOf(results.find(({ variant }) => variant === name)));
  return `| ${[plain(what), expected.map((id) => `\`${id}\``).join(', '), remedy, ...verdicts].join(' | ')} |`;
}

function verdictOf(result: KeptResult | undefined): string {
  if (result === undefined) return '';
  return { fixed: 'named, repaired', person: 'named', failed: '**failed**', broken: '**broken**' }[result.verdict];
}

function code(line: string): string {
  const short = line.length > 160 ? `${line.slice(0, 157)}...` : line;
  return `\`${short.replaceAll('|', '\\|').replaceAll('`', '')}\``;
}

function plain(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}

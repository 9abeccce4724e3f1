import { CASES } from './cases.ts';
import type { Result } from './run-case.ts';

/** A line of the kept results. */
export interface KeptResult extends Result {
  readonly commit: string;
}

const HEADING = '## Tried with programs of others';

/** Reads results as the run writes them: a JSON object in each line. */
export function parseResults(text: string): readonly KeptResult[] {
  // as: written by test/platforms/main.ts.
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as KeptResult);
}

/** The page with the section of these results, which is its last one. Pure. */
export function withResults(page: string, results: readonly KeptResult[]): string {
  return `${page.split(`${HEADING}\n`)[0]?.trimEnd()}\n\n${section(results)}`;
}

function section(results: readonly KeptResult[]): string {
  const rows = CASES.map(({ name, what }) => {
    const cells = SUITES.map((suite) => verdict(results.find((each) => each.case === name && each.suite === suite)));
    return `| ${[what, ...cells].join(' | ')} |`;
  });
  const commits = [...new Set(results.map(({ commit }) => commit))].join(', ');
  return [
    ...[HEADING, ''],
    `Made by \`npx tsx scripts/platforms.ts\` from \`docs/platforms.jsonl\`, the results of \`npm run test:platforms\` (commit ${commits}).`,
    'Each program runs on a VM of the lab, which joins a mesh with the agent, is rebooted, and leaves the mesh. After each step the program does its work,',
    'the service answers through the mesh, `meshx check` finds no error, and at the end `down --verify` finds the machine as it was.',
    '',
    '| program | Debian 12 | Debian 13 |',
    '|---|---|---|',
    ...[...rows, ''],
  ].join('\n');
}

const SUITES = ['bookworm', 'trixie'] as const;

function verdict(result: KeptResult | undefined): string {
  if (!result) return 'not run';
  if (result.verdict === 'passed') return 'passed';
  if (result.verdict === 'failed') return `**failed** after: ${result.steps.join(', ') || 'nothing'}`;
  return `not run: ${result.detail ?? ''}`;
}

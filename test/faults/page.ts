import { OPERATIONS } from './cases.ts';
import { COMMAND_FAULTS, type CommandFault, REQUEST_FAULTS, type RequestFault } from './faults.ts';
import type { Result } from './run-case.ts';

/** A line of the kept results. */
export interface KeptResult extends Result {
  readonly commit: string;
  readonly seed: number;
}

/** A result that did not hold, and its fix. The kept results have the case as it ran after that. */
export interface FixedResult extends KeptResult {
  /** The cause, and what was changed. */
  readonly fixed: string;
}

/** Reads results as the matrix writes them: a JSON object in each line. */
export function parseResults<Line extends KeptResult = KeptResult>(text: string): readonly Line[] {
  // as: written by test/faults/main.ts; `fixed` by hand.
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

const WORDS = {
  'cut-before': 'connection cut before it',
  'cut-during': 'connection cut while it runs',
  'cut-after': 'connection cut after it',
  silence: 'network gone without a word while it runs',
  exit: 'exit 1',
  hang: 'hangs until the limit',
  reboot: 'VM reboots',
  power: "VM's power fails",
  kill: 'operator killed (SIGKILL)',
  disk: 'disk full',
  409: 'answer 409',
  429: 'answer 429',
  '429-once': 'answer 429, once',
  500: 'answer 500',
  timeout: 'no answer',
} as const satisfies Readonly<Record<CommandFault | RequestFault, string>>;

/** docs/faults.md, from the kept results and the fixed ones. Pure. */
export function faultsPage(results: readonly KeptResult[], fixed: readonly FixedResult[] = []): string {
  const reached = results.filter(({ verdict }) => verdict !== 'unreached');
  const cases = reached.filter(({ operation }) => operation !== 'walk');
  const walks = reached.filter(({ operation }) => operation === 'walk');
  const count = (verdict: Result['verdict']): number => reached.filter((each) => each.verdict === verdict).length;
  const failed = reached.filter(({ verdict }) => verdict !== 'passed');
  return [
    '# Fault matrix',
    '',
    'Made by `npx tsx scripts/faults.ts` from `docs/faults.jsonl`, the raw results of `npm run test:faults`; not edited by hand.',
    '',
    'Something goes wrong at one command on the VM, or at one request to the API server, of `up`, `configure` or `down`, on a VM that',
    'boots in the lab. Then these must hold: a new SSH login works; connections that were open before `up` live on, unless the VM',
    'rebooted; what meshx said names a Problem and the next command; that command ends well; `down --verify` after it finds no',
    'difference. In a case with `port22` the owner of the machine had told capture to take port 22. A walk is a row of commands and faults, after each of which login and connections must hold.',
    '',
    `${cases.length} cases and ${walks.length} walks (${sources(results)}): ${count('passed')} passed, ${count('stranded')} stranded, ${count('lost')} lost connections, ${failed.length - count('stranded') - count('lost')} failed otherwise.`,
    '',
    ...table(
      'At a command on the VM',
      cases.filter(({ where }) => where === 'command'),
      COMMAND_FAULTS,
    ),
    ...table(
      'At a request to the API server',
      cases.filter(({ where }) => where === 'request'),
      REQUEST_FAULTS,
    ),
    ...failures(failed),
    ...formerFailures(fixed),
    '## What meshx said',
    '',
    'Ids of the Problems that runs with a fault ended with; the rest outlived the fault, or were killed.',
    '',
    ...problems(cases),
    '',
  ].join('\n');
}

function sources(results: readonly KeptResult[]): string {
  const each = new Set(results.map(({ commit, seed }) => `commit ${commit}, seed ${seed}`));
  return [...each].toSorted().join('; ');
}

/** Passed of all, for each operation. */
function table(title: string, cases: readonly KeptResult[], faults: readonly string[]): readonly string[] {
  const cell = (all: readonly KeptResult[]): string =>
    all.length === 0 ? '' : `${all.filter(({ verdict }) => verdict === 'passed').length} of ${all.length}`;
  const rows = faults.map((fault) => {
    const of = (operation: string) => cases.filter((each) => each.operation === operation && each.fault === fault);
    return `| ${words(fault)} | ${OPERATIONS.map((operation) => cell(of(operation))).join(' | ')} |`;
  });
  return [`## ${title}`, '', '| passed of all | up | configure | down |', '|---|---|---|---|', ...rows, ''];
}

function words(fault: string): string {
  // as: an unknown name is shown as it is.
  return (WORDS as Readonly<Record<string, string>>)[fault] ?? fault;
}

function failures(failed: readonly KeptResult[]): readonly string[] {
  if (failed.length === 0) return [];
  const rows = failed.map(({ case: name, step, verdict }) => `| \`${name}\` | ${plain(step)} | ${verdict} |`);
  return ['## What did not hold', '', '| case | step | what |', '|---|---|---|', ...rows, ''];
}

function formerFailures(fixed: readonly FixedResult[]): readonly string[] {
  if (fixed.length === 0) return [];
  const rows = fixed.map(
    ({ case: name, verdict, commit, fixed: how }) => `| \`${name}\` | ${verdict} | ${commit} | ${plain(how)} |`,
  );
  const about =
    'Raw results in `docs/faults-fixed.jsonl`. Where the case still exists it ran again, and stands above as it ended then.';
  return [
    '## What did not hold before',
    '',
    about,
    '',
    '| case | what | commit | cause and fix |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
}

function plain(text: string): string {
  return text.replaceAll('|', '\\|').slice(0, 200);
}

function problems(cases: readonly KeptResult[]): readonly string[] {
  const ids = cases.flatMap(({ message }) => message ?? []);
  const rows = [...new Set(ids)].toSorted().map((id) => `| \`${id}\` | ${ids.filter((each) => each === id).length} |`);
  return ['| problem | cases |', '|---|---|', ...rows];
}

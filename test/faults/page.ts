import { OPERATIONS } from './cases.ts';
import { COMMAND_FAULTS, type CommandFault, REQUEST_FAULTS, type RequestFault } from './faults.ts';
import type { Result } from './run-case.ts';

/** A line of the kept results. */
export interface KeptResult extends Result {
  readonly commit: string;
  readonly seed: number;
}

/** A result that failed, and its fix. The kept results have the case as it ran after the fix. */
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
  silence: 'network silently gone while it runs',
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
  const withAgent = cases.filter(({ case: name }) => name.includes('/agent/')).length;
  const failed = reached.filter(({ verdict }) => verdict !== 'passed');
  return [
    '# Fault matrix',
    '',
    'Made by `npx tsx scripts/faults.ts` from `docs/faults.jsonl`, the raw results of `npm run test:faults`; do not edit it by hand.',
    '',
    'Each case causes a fault at one command on the VM, or at one request to the API server, of `up`, `configure`, `down` or `rejoin`,',
    'on a VM that boots in the lab. It passes if a new SSH login works; connections that were open before `up` stay open, unless the VM',
    'rebooted; the output of meshx names a Problem and the next command; that command succeeds; and `down --verify` then finds no',
    'difference. In a case with `port22` the owner of the machine had configured capture to include port 22. In a case with `agent` the',
    'VM joins with the agent; *upgrade* is `up` with another executable for it. An agent that ran before the command must run after the',
    'fault, too. A walk is a sequence of commands and faults, each followed by a check of login and connections.',
    '',
    `${cases.length} cases, ${withAgent} of them with the agent, and ${walks.length} walks (${sources(results)}): ${count('passed')} passed, ${count('stranded')} stranded, ${count('lost')} lost connections, ${failed.length - count('stranded') - count('lost')} failed otherwise.`,
    '',
    ...table(
      'Faults at a command on the VM',
      cases.filter(({ where }) => where === 'command'),
      COMMAND_FAULTS,
    ),
    ...table(
      'Faults at a request to the API server',
      cases.filter(({ where }) => where === 'request'),
      REQUEST_FAULTS,
    ),
    ...failures(failed),
    ...formerFailures(fixed),
    '## Problems reported',
    '',
    'Ids of the Problems with which runs ended after a fault; the other runs survived the fault or were killed.',
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
  const head = ['passed of all', ...OPERATIONS];
  return [`## ${title}`, '', `| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows, ''];
}

function words(fault: string): string {
  // as: an unknown name is shown as it is.
  return (WORDS as Readonly<Record<string, string>>)[fault] ?? fault;
}

function failures(failed: readonly KeptResult[]): readonly string[] {
  if (failed.length === 0) return [];
  const rows = failed.map(({ case: name, step, verdict }) => `| \`${name}\` | ${plain(step)} | ${verdict} |`);
  return ['## Failures', '', '| case | step | verdict |', '|---|---|---|', ...rows, ''];
}

function formerFailures(fixed: readonly FixedResult[]): readonly string[] {
  if (fixed.length === 0) return [];
  const rows = fixed.map(
    ({ case: name, verdict, commit, fixed: how }) => `| \`${name}\` | ${verdict} | ${commit} | ${plain(how)} |`,
  );
  const about =
    'Raw results in `docs/faults-fixed.jsonl`. A case that still exists was rerun; its latest result is above. What failed: the connections (`lost`), the output (`message`), the next command (`resume`), `down --verify` (`clean`).';
  return [
    '## Earlier failures, now fixed',
    '',
    about,
    '',
    '| case | verdict | commit | cause and fix |',
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

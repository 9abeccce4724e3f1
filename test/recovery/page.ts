import type { Phase } from './course.ts';
import type { Result } from './run-case.ts';
import { VARIANT_NAMES, VARIANTS } from './variants.ts';

/** A line of the kept results. */
export interface KeptResult extends Result {
  readonly commit: string;
}

/** Reads results as the run writes them: a JSON object in each line. */
export function parseResults(text: string): readonly KeptResult[] {
  // as: written by test/recovery/main.ts.
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as KeptResult);
}

/** docs/recovery.md, from the kept results. Pure. */
export function recoveryPage(results: readonly KeptResult[]): string {
  const recovered = results.filter(({ verdict }) => verdict === 'recovered');
  const commits = [...new Set(results.map(({ commit }) => commit))].join(', ');
  return [
    '# Recovery without a hand',
    '',
    'Made by `npx tsx scripts/recovery.ts` from `docs/recovery.jsonl`, the results of `npm run test:recovery`; do not edit it by hand.',
    '',
    'A VM of the lab with MariaDB, PostgreSQL, Redis and an HTTP service joins a mesh with the agent. Each case breaks it in one way. No one repairs it; a step',
    'that a person takes, such as a start of MariaDB, is named. A service *answers* when the sidecar of a client has it as an endpoint and a real',
    "request of the client succeeds, three times in a row. The agent's status is *clean* when it reports to the API server and finds nothing wrong",
    'with services, sidecar, machine and identity. Each time is in seconds since the event before it, with its limit. Requests are those of a',
    'client that asks the HTTP service about five times a second during the whole case; the gap is its longest time without an answer.',
    '',
    'Where the agent may not use the API server, it reports through the health endpoint that the sidecar asks. This state is that of the whole VM:',
    'one service that does not answer for ten seconds takes all of them out of rotation, and a shorter outage is not noticed.',
    'The agent then gets no token and sees no entry: after the loss of token and certificate, or of the entry, the VM needs `meshx rejoin`; these cases',
    'are not run there. istiod loses a change of health while the API server is away; the agent sees that',
    'in its own sidecar, and has it connect again, which repeats the report.',
    '',
    `${recovered.length} of ${results.length} cases recovered (commit ${commits}).`,
    '',
    ...VARIANT_NAMES.flatMap((name) =>
      section(
        VARIANTS[name].what,
        results.filter(({ variant }) => variant === name),
      ),
    ),
    ...remarks(results),
  ].join('\n');
}

function section(title: string, results: readonly KeptResult[]): readonly string[] {
  if (results.length === 0) return [];
  return [
    ...[`## ${title}`, ''],
    '| case | what happened, after how many seconds (limit) | failed requests | gap | |',
    '|---|---|---|---|---|',
    ...[...results.map(row), ''],
  ];
}

function row({ what, phases, web, verdict }: KeptResult): string {
  const { failed, requests, longestMs } = web;
  const cells = [
    plain(what),
    phases.map(phaseText).join('; '),
    `${failed} of ${requests}`,
    seconds(longestMs),
    verdict,
  ];
  return `| ${cells.join(' | ')} |`;
}

function phaseText({ what, ms, limitMs }: Phase): string {
  return `${what} ${ms === undefined ? 'not' : seconds(ms)} (${Math.round(limitMs / 1000)})`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function remarks(results: readonly KeptResult[]): readonly string[] {
  const told = results.flatMap(({ what, variant, verdict, detail, remark }) => [
    ...(remark === undefined ? [] : [`- **${plain(what)}.** ${plain(remark)}`]),
    ...(verdict === 'recovered' || !detail
      ? []
      : [`- **${plain(what)} (${VARIANTS[variant].what}).** ${plain(detail)}`]),
  ]);
  return told.length === 0 ? [] : ['## Remarks', '', ...new Set(told), ''];
}

function plain(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 600);
}

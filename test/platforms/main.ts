// Joins machines on which programs of others run, on the lab: npm run test:platforms -- --help
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildExecutable } from '../e2e/support/executable.ts';
import { must } from '../lab/command.ts';
import { openLab } from '../lab/open.ts';
import { CASES } from './cases.ts';
import { makeOthers, removeMembers, type Result, runCase } from './run-case.ts';

const HELP = `npm run test:platforms -- [OPTIONS]

  --suite NAME   bookworm (Debian 12) or trixie (13); may be repeated; both unless given
  --only WORD    cases whose name holds the word; may be repeated
  --out FILE     where results go, a line each (.results/platforms.jsonl)
  --append       keep the lines that the file has

E2E_EXECUTABLE names a single executable of meshx; without it one is built.`;

const SUITES = ['bookworm', 'trixie'] as const;
const { values } = parseArgs({
  options: {
    suite: { type: 'string', multiple: true },
    only: { type: 'string', multiple: true },
    out: { type: 'string', default: join('.results', 'platforms.jsonl') },
    append: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const began = performance.now();
const note = (line: string): void => console.error(`${Math.round((performance.now() - began) / 1000)} s  ${line}`);

async function keep(commit: string, result: Result): Promise<void> {
  await appendFile(values.out, `${JSON.stringify({ commit, ...result })}\n`);
  note(`${result.verdict}  ${result.suite}/${result.case}  ${result.steps.join(', ')}  ${result.ms} ms`);
  if (result.detail !== undefined) note(result.detail);
}

async function main(): Promise<void> {
  const suites = SUITES.filter((suite) => values.suite?.includes(suite) ?? true);
  const cases = CASES.filter(({ name }) => values.only?.some((word) => name.includes(word)) ?? true);
  await mkdir(dirname(values.out), { recursive: true });
  if (!values.append) await writeFile(values.out, '');
  const { lab, down } = await openLab(note);
  const commit = (await must(['git', 'describe', '--always', '--dirty'], { env: { GIT_OPTIONAL_LOCKS: '0' } })).trim();
  const results: Result[] = [];
  try {
    const executable = await buildExecutable(lab);
    await makeOthers(lab);
    for (const suite of suites)
      for (const each of cases) {
        const result = await runCase(lab, suite, executable, each);
        results.push(result);
        await keep(commit, result);
      }
    await removeMembers(lab);
  } finally {
    await down();
  }
  const count = (verdict: Result['verdict']): number => results.filter((each) => each.verdict === verdict).length;
  console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('not-run')} not run`);
  process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
}

if (values.help) console.log(HELP);
else await main();

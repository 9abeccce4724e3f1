// The fault matrix on the lab: npm run test:faults -- --help
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { makePolicy } from '../e2e/support/agent-policy.ts';
import { buildExecutable } from '../e2e/support/executable.ts';
import { must } from '../lab/command.ts';
import type { Lab } from '../lab/lab.ts';
import { openLab } from '../lab/open.ts';
import { Api } from './api.ts';
import { allCases, caseId, chooseCases, type Course, type FaultCase } from './cases.ts';
import { courseOf, VARIANTS } from './courses.ts';
import { Machine, seatOf } from './machine.ts';
import { copyExecutables, copyProgram, Operator } from './operator.ts';
import { type Bench, broken, type Ran, type Result, runCase } from './run-case.ts';
import { walk } from './walk.ts';

const HELP = `npm run test:faults -- [OPTIONS]

  --cases N        how many cases; all when absent
  --seed S         which cases, and in which order (1)
  --only WORDS     cases whose id and step hold the words: up/, 'agent kill', command-12, port22, token-write; may be repeated
  --walks N        random walks of commands and faults after the cases (0)
  --resume FILE    results of a run that was stopped: its cases are not run again
  --out FILE       where results go, a line each (.results/faults.jsonl)
  --jobs J         how many machines at once (2)

What was typed and answered in each case is in .results/faults/.
E2E_EXECUTABLE names a single executable of meshx; without it one is built.`;

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    walks: { type: 'string', default: '0' },
    resume: { type: 'string' },
    out: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean' },
  },
});
const began = performance.now();
const note = (line: string): void => console.error(`${Math.round((performance.now() - began) / 1000)} s  ${line}`);

interface Run {
  readonly lab: Lab;
  readonly benches: readonly Bench[];
  readonly commit: string;
  readonly out: string;
  readonly results: Result[];
}

async function openBenches(lab: Lab, jobs: number): Promise<readonly Bench[]> {
  const program = await copyProgram(lab);
  const executables = await copyExecutables(await buildExecutable(lab), program);
  const api = await Api.start(lab);
  // It is one for the cluster: all runs find it.
  await makePolicy(lab);
  const workers = Array.from({ length: jobs }, (_, index) => index);
  return await Promise.all(
    workers.map(async (worker): Promise<Bench> => {
      const machine = new Machine(lab, seatOf(worker));
      await machine.settle();
      const operator = new Operator(lab, program, await api.seat(machine.seat.vm));
      const help = await operator.types(['--help']);
      return { machine, operator, api, deb: lab.deb, executables, hasDown: /^ {2}down\b/m.test(help.stdout) };
    }),
  );
}

/** Runs without a fault tell how many commands and requests there are. */
async function learn(benches: readonly Bench[]): Promise<readonly Course[]> {
  const left = [...VARIANTS];
  const courses: Course[] = [];
  const work = async (bench: Bench): Promise<void> => {
    for (let variant = left.shift(); variant; variant = left.shift()) courses.push(...(await courseOf(bench, variant)));
  };
  await Promise.all(benches.map(work));
  const order = (course: Course): string => JSON.stringify([course.operation, course.service, course.agent]);
  for (const { operation, service, agent, commands, requests } of courses)
    note(
      `${operation} of ${service}${agent ? ' with agent' : ''}: ${commands.length} commands, ${requests.length} requests`,
    );
  return courses.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

function isAsked(each: FaultCase): boolean {
  const text = `${caseId(each)} ${each.step}`;
  return values.only?.some((words) => words.split(' ').every((word) => text.includes(word))) ?? true;
}

async function runCases(run: Run, cases: readonly FaultCase[]): Promise<void> {
  const left = [...cases];
  const work = async (bench: Bench): Promise<void> => {
    let clean = false;
    for (let each = left.shift(); each; each = left.shift()) {
      const ran = await twice(bench, each, clean);
      clean = ran.clean;
      await keep(run, bench, ran.result);
    }
  };
  await Promise.all(run.benches.map(work));
}

async function runWalks(run: Run, seeds: readonly number[]): Promise<void> {
  const [bench] = run.benches;
  if (bench) for (const seed of seeds) await keep(run, bench, await walk(bench, run.lab, seed));
}

async function keep({ results, out, commit }: Run, { operator }: Bench, result: Result): Promise<void> {
  results.push(result);
  await appendFile(out, `${JSON.stringify({ commit, seed: Number(values.seed), ...result })}\n`);
  const folder = join('.results', 'faults');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${result.case.replaceAll('/', '_')}.txt`), operator.transcript());
  note(`${results.length} ${result.verdict}  ${result.case}  ${result.step}  ${result.message ?? ''}`);
  if (result.detail) note(result.detail);
}

/** Where the lab itself fails, the case is tried once more on a new machine: that is no verdict about meshx. */
async function twice(bench: Bench, each: FaultCase, clean: boolean): Promise<Ran> {
  try {
    await bench.machine.fresh(each, clean);
    return await runCase(bench, each);
  } catch (error) {
    note(`${caseId(each)} is tried again: ${String(error)}`);
  }
  try {
    await bench.machine.fresh(each, false);
    return await runCase(bench, each);
  } catch (error) {
    return broken(each, error);
  }
}

async function done(file: string | undefined): Promise<ReadonlySet<string>> {
  if (file === undefined) return new Set();
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  // as: written by runAll.
  return new Set(lines.map((line) => (JSON.parse(line) as Result).case));
}

/** The count that CI adds up, in the form of jest's report. */
async function writeSummary(results: readonly Result[]): Promise<void> {
  const numPassedTests = results.filter(({ verdict }) => verdict === 'passed').length;
  const failed = results.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'unreached');
  const testResults = failed.map(({ case: name, verdict, detail }) => ({
    name,
    message: `${verdict}: ${detail}`,
    assertionResults: [{ status: 'failed', fullName: `${name} ${verdict}`, failureMessages: [detail ?? ''] }],
  }));
  const report = { numPassedTests, numFailedTests: failed.length, numRuntimeErrorTestSuites: 0, testResults };
  await mkdir('.results', { recursive: true });
  await writeFile('.results/faults.json', JSON.stringify(report));
  console.log(`${numPassedTests} passed, ${failed.length} failed`);
  process.exitCode = failed.length > 0 || numPassedTests === 0 ? 1 : 0;
}

async function main(): Promise<void> {
  const out = values.out ?? values.resume ?? join('.results', 'faults.jsonl');
  await mkdir(dirname(out), { recursive: true });
  const known = await done(values.resume);
  if (values.resume === undefined) await writeFile(out, '');
  const { lab, down } = await openLab(note);
  const commit = (await must(['git', 'describe', '--always', '--dirty'], { env: { GIT_OPTIONAL_LOCKS: '0' } })).trim();
  const benches = await openBenches(lab, Number(values.jobs));
  const run: Run = { lab, benches, commit, out, results: [] };
  try {
    const all = allCases(await learn(benches)).filter(isAsked);
    const count = values.cases === undefined ? all.length : Number(values.cases);
    const cases = chooseCases(all, { seed: Number(values.seed), count }).filter((each) => !known.has(caseId(each)));
    note(`${cases.length} of ${all.length} cases`);
    await runCases(run, cases);
    const seeds = Array.from({ length: Number(values.walks) }, (_, index) => Number(values.seed) * 1000 + index);
    await runWalks(
      run,
      seeds.filter((seed) => !known.has(`walk/${seed}`)),
    );
  } finally {
    for (const { machine } of benches) await machine[Symbol.asyncDispose]();
    await lab.processes.kill('fault-api');
    await down();
  }
  await writeSummary(run.results);
}

if (values.help) console.log(HELP);
else await main();

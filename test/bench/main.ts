// Measures meshx beside what people would use instead, on the lab: npm run bench -- --help
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { must } from '../lab/command.ts';
import { Lab } from '../lab/lab.ts';
import { labNames } from '../lab/names.ts';
import { allSeries, QUICK } from './all-series.ts';
import { type Bench, openBench } from './bench.ts';
import { describeMachine } from './machine.ts';
import type { RunLine, Sample } from './record.ts';
import { runRounds } from './runner.ts';
import type { Series } from './series.ts';
import { versionsOf } from './versions.ts';

const HELP = `npm run bench -- [OPTIONS]        (root; MESHX_LAB names the lab: one that is up is used, else one is brought up and taken down)

  --quick          one pair (${QUICK}) in three rounds, about a minute
  --only SERIES    this series alone; may be repeated
  --rounds N       how often each side runs; 5 to 21 when absent, more where a run is short
  --out FILE       where the samples go, a line each (.results/bench.jsonl)

Series: ${allSeries.map(({ id }) => id).join(', ')}
The page is made of a result file: npx tsx scripts/performance.ts .results/bench.jsonl`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    out: { type: 'string', default: '.results/bench.jsonl' },
    help: { type: 'boolean' },
  },
});
const began = performance.now();
const note = (line: string): void =>
  console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);

/** The first Ctrl-C ends in good order, also where the terminal gives it to children that fail of it; the third kills. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  let heard = 0;
  // `on`, not `once`: tsx exits at once when no one listens any more. It may give us one signal twice.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      heard += 1;
      if (heard > 2) process.exit(130);
      note(`${name}: ending`);
      controller.abort(new Error(name));
    });
  return controller.signal;
}

function chosen(): readonly Series[] {
  const wanted = values.only ?? (values.quick ? [QUICK] : undefined);
  const unknown = (wanted ?? []).filter((id) => !allSeries.some((series) => series.id === id));
  if (unknown.length > 0) throw new Error(`no such series: ${unknown.join(', ')}\n${HELP}`);
  return allSeries.filter(({ id }) => wanted?.includes(id) ?? true);
}

function roundsOf({ rounds }: Series): number {
  const asked = Number(values.rounds ?? (values.quick ? 3 : rounds));
  if (!Number.isInteger(asked) || asked < 1) throw new Error(`--rounds ${values.rounds} is no number from 1`);
  return asked;
}

/** The lab that is up, or one of our own, which goes with us. */
async function openLab(): Promise<{ lab: Lab; ownLab: boolean; down: () => Promise<void> }> {
  const names = labNames();
  const attached = await Lab.attach(names).catch(() => undefined);
  if (attached) return { lab: attached, ownLab: false, down: () => Promise.resolve() };
  const down = async (): Promise<void> => {
    const left = await Lab.down(names);
    if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`);
  };
  try {
    return { lab: await Lab.up(note, names), ownLab: true, down };
  } catch (error) {
    await down();
    throw error;
  }
}

/** A series that cannot begin is reported, and the others run. */
async function runSeries(bench: Bench, series: Series, keep: (sample: Sample) => Promise<void>): Promise<boolean> {
  const rounds = roundsOf(series);
  note(`${series.id}: ${rounds} rounds`);
  try {
    await using opened = await series.open(bench, values.quick);
    await runRounds(opened, { series: series.id, rounds, signal: bench.signal, keep, note });
    return true;
  } catch (error) {
    bench.signal.throwIfAborted();
    note(`${series.id} did not run: ${String(error)}`);
    return false;
  } finally {
    await bench.vms.removeAll();
  }
}

async function main(): Promise<void> {
  const signal = abortOnSignals();
  const series = chosen();
  for (const each of series) roundsOf(each);
  await must([process.execPath, 'scripts/build.mjs']);
  await mkdir(dirname(values.out), { recursive: true });
  await writeFile(values.out, '');
  const keepLine = async (line: RunLine | Sample): Promise<void> =>
    await appendFile(values.out, `${JSON.stringify(line)}\n`);
  const load = Math.round((loadavg()[0] ?? 0) * 100) / 100;
  const { lab, ownLab, down } = await openLab();
  try {
    signal.throwIfAborted();
    await using bench = await openBench(lab, { note, signal, ownLab });
    await keepLine({
      ...{ kind: 'run', at: new Date().toISOString(), quick: values.quick, load },
      commit: (await must(['git', 'describe', '--always', '--dirty'], { env: { GIT_OPTIONAL_LOCKS: '0' } })).trim(),
      ...{ machine: await describeMachine(), versions: await versionsOf(bench) },
    });
    const broken: string[] = [];
    for (const each of series) if (!(await runSeries(bench, each, keepLine))) broken.push(each.id);
    if (broken.length > 0) process.exitCode = 1;
    note(broken.length > 0 ? `did not run: ${broken.join(', ')}` : `done: ${values.out}`);
  } finally {
    await down();
  }
}

if (values.help) console.log(HELP);
else
  await main().catch((error: unknown) => {
    note(String(error));
    process.exitCode = 1;
  });

import type { Host, Output } from '../host/run/host.ts';
import { Problem } from '../problems.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { batchCommand, companyOf, doneOf, MOST_TOGETHER } from './batch.ts';
import { askedSteps, Early, type EarlyOptions, type Ran, runScript } from './early.ts';
import { explain, type Progress } from './explain.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { Change, PlannedScript } from './kind.ts';

/** The outcome of one step. */
export interface Outcome {
  readonly id: string;
  readonly title: string;
  readonly status: 'unchanged' | 'changed' | 'failed' | 'skipped';
  /** Summaries of the changes that were made. */
  readonly done: readonly string[];
  readonly problem?: Problem;
  /** Milliseconds from its first change to its end; steps whose changes shared a command overlap. */
  readonly ms: number;
}

export interface ApplyOptions extends EarlyOptions {
  /** The command that continues after a failure. */
  readonly again?: string;
  /** Called before each step that changes something; a Problem that it throws becomes the step's failure. */
  readonly beforeStep?: (step: PlannedStep) => Promise<void>;
  /** Called with the milliseconds for which the plan waited for a script that started early. */
  readonly waited?: (name: string, ms: number) => void;
  /** Called with the output of a script that had a command of its own, also after a failure. */
  readonly heard?: (name: string, output: Output) => void;
}

/** The state that the steps of a run share. */
interface Run {
  readonly host: Host;
  readonly options: ApplyOptions;
  readonly steps: readonly PlannedStep[];
  readonly done: string[];
  /** Summaries of what is not done yet, the running change first. */
  readonly left: string[];
  /** The results of `beforeStep` so far. */
  readonly asked: Map<PlannedStep, Problem | undefined>;
  /** Changes that were made ahead of their turn, in the command of an earlier one. */
  ahead: number;
  /** When the changes of that command began, by `performance.now()`. */
  since: number;
  /** Why the next change was not made. */
  failure: Problem | undefined;
  readonly early: Early;
}

/**
 * Runs a plan in order, after one round trip that writes the previous state to the journal. Consecutive small changes share a command,
 * also across steps, while a package is being uploaded. Stops at the first failure or abort, and reports later steps as skipped. A
 * failure of the machine is not thrown: the failed outcome has the Problem, with what was done and what was not. Throws if the journal
 * cannot be written, as nothing was changed.
 */
export async function* apply(plan: Plan, host: Host, options: ApplyOptions): AsyncGenerator<Outcome> {
  await using early = new Early(plan, host, options);
  yield* applyBegun(plan, host, { ...options, early });
}

/** The same with scripts that the caller started early for this plan, host and options; the caller disposes of them. */
export async function* applyBegun(
  plan: Plan,
  host: Host,
  options: ApplyOptions & { readonly early: Early },
): AsyncGenerator<Outcome> {
  const { early } = options;
  const steps = askedSteps(plan, options);
  const left = steps.flatMap(({ changes }) => changes.map(({ summary }) => summary));
  const run: Run = {
    host,
    options,
    steps,
    done: [],
    left,
    asked: new Map(),
    ahead: 0,
    since: 0,
    failure: undefined,
    early,
  };
  await stateKept(run);
  let failed = false;
  for (const step of steps) {
    const outcome: Outcome = failed ? skipped(step) : await applyStep(step, run);
    failed ||= outcome.status === 'failed';
    yield outcome;
  }
}

async function stateKept(run: Run): Promise<void> {
  const output = await run.early.kept;
  if (output && output.exitCode !== 0) throw explain(output, progress(run, 'keep the state before the first change'));
}

async function applyStep(step: PlannedStep, run: Run): Promise<Outcome> {
  const { id, title, changes } = step;
  const started = run.ahead > 0 ? run.since : performance.now();
  const before = run.done.length;
  const outcome = (status: Outcome['status'], problem?: Problem): Outcome => {
    return {
      id,
      title,
      status,
      done: run.done.slice(before),
      ms: Math.round(performance.now() - started),
      ...(problem && { problem }),
    };
  };
  const refused = changes.length > 0 ? await prepared(step, run) : undefined;
  if (refused) return outcome('failed', refused);
  for (const [index, change] of changes.entries()) {
    if (run.ahead === 0 && !run.failure) await make(await together(run, step, index), run);
    if (run.ahead === 0) return outcome('failed', run.failure);
    run.ahead -= 1;
    run.done.push(change.summary);
    run.left.shift();
  }
  return outcome(changes.length > 0 ? 'changed' : 'unchanged');
}

/** Called once for each step, before its first change. */
async function prepared(step: PlannedStep, { options, asked }: Run): Promise<Problem | undefined> {
  if (asked.has(step)) return asked.get(step);
  try {
    await options.beforeStep?.(step);
    asked.set(step, undefined);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    asked.set(step, error);
  }
  return asked.get(step);
}

/** The next change, and those directly after it that may share its command. */
async function together(run: Run, step: PlannedStep, index: number): Promise<readonly Change[]> {
  const [first, ...rest] = step.changes.slice(index);
  if (!first) throw new Error('a step was asked for a change that it has not');
  const changes = [first];
  const company = companyOf(first);
  if (company === undefined) return changes;
  const takes = (change: Change): boolean => {
    if (companyOf(change) !== company || changes.length >= MOST_TOGETHER) return false;
    changes.push(change);
    return true;
  };
  if (!rest.every(takes)) return changes;
  for (const next of run.steps.slice(run.steps.indexOf(step) + 1)) {
    if (!next.changes[0] || companyOf(next.changes[0]) !== company) {
      if (next.changes.length === 0) continue;
      break;
    }
    if ((await prepared(next, run)) || !next.changes.every(takes)) break;
  }
  return changes;
}

/** Makes the changes; sets `ahead` to the number made, and `failure` to why the next one was not. */
async function make(changes: readonly Change[], run: Run): Promise<void> {
  const [first] = changes;
  if (!first) return;
  run.since = performance.now();
  if (changes.length === 1) {
    run.failure = await applyChange(first, run);
    run.ahead = run.failure ? 0 : 1;
    return;
  }
  const doing = `make ${changes.length} changes (first: ${first.summary}), of which some may be done`;
  run.failure = await failureOf(run, doing, async (signal) => {
    const output = await run.host.run(batchCommand(changes), signal);
    run.ahead = doneOf(changes, output);
    const failed = changes[run.ahead];
    if (!failed) return undefined;
    const at = { ...run, done: [...run.done, ...run.left.slice(0, run.ahead)], left: run.left.slice(run.ahead) };
    return explain(output, progress(at, failed.summary));
  });
}

/** Returns undefined if the change was made. */
async function applyChange(change: Change, run: Run): Promise<Problem | undefined> {
  return await failureOf(run, change.summary, async (signal) => {
    for (const planned of change.scripts) {
      if (signal?.aborted) return reconcileProblems.changeInterrupted(progress(run, change.summary));
      const { output, problem } = await (begunEarly(planned, run) ?? runScript(planned, run, signal));
      run.options.heard?.(planned.script.name, output);
      if (problem instanceof Problem) return problem;
      if (output.exitCode !== 0) return explain(output, progress(run, change.summary));
    }
    return undefined;
  });
}

function begunEarly(planned: PlannedScript, { early, options }: Run): Promise<Ran> | undefined {
  const turn = performance.now();
  return early.taken(planned)?.finally(() => options.waited?.(planned.script.name, performance.now() - turn));
}

/** A thrown Problem is a lost connection, a time limit or an abort; the rest are bugs. */
async function failureOf(
  run: Run,
  doing: string,
  work: (signal: AbortSignal | undefined) => Promise<Problem | undefined>,
): Promise<Problem | undefined> {
  const { signal } = run.options;
  try {
    if (signal?.aborted) return reconcileProblems.changeInterrupted(progress(run, doing));
    return await work(signal);
  } catch (error) {
    if (signal?.aborted) return reconcileProblems.changeInterrupted(progress(run, doing), error);
    if (error instanceof Problem) return error;
    throw error;
  }
}

function progress(
  { host, options, done, left }: Pick<Run, 'host' | 'options' | 'done' | 'left'>,
  doing: string,
): Progress {
  return { host: host.name, doing, done: [...done], left: [...left], again: options.again };
}

function skipped({ id, title }: PlannedStep): Outcome {
  return { id, title, status: 'skipped', done: [], ms: 0 };
}

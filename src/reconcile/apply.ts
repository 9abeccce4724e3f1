import type { Host } from '../host/host.ts';
import { scriptCommand } from '../host/shell.ts';
import { Problem } from '../problems.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { explain, type Progress } from './explain.ts';
import { journalCommand } from './journal.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { Change } from './resource.ts';
import { openSource, type Sources } from './sources.ts';

/** What became of one step. */
export interface Outcome {
  readonly id: string;
  readonly title: string;
  readonly status: 'unchanged' | 'changed' | 'failed' | 'skipped';
  /** Summaries of the changes that were made. */
  readonly done: readonly string[];
  readonly problem?: Problem;
  /** Milliseconds that the step took. */
  readonly ms: number;
}

export interface ApplyOptions {
  readonly sources: Sources;
  readonly signal?: AbortSignal;
  /** False: the state before is not kept. */
  readonly journal?: boolean;
  /** Only the steps before the proof, or only those that wait for it; all when absent. */
  readonly only?: 'before-proof' | 'after-proof';
  /** The command that goes on after a failure, as it can be typed. */
  readonly again?: string;
  /** Called before each step that changes something; a Problem that it throws is the failure of that step. */
  readonly beforeStep?: (step: PlannedStep) => Promise<void>;
}

/** A run under way: what the steps share. */
interface Run {
  readonly host: Host;
  readonly options: ApplyOptions;
  readonly done: string[];
  /** Summaries of what is not done yet, the running change first. */
  readonly left: string[];
}

/**
 * Runs a plan in order, after the state before was kept on the machine in one round trip. Stops at the first failure, and
 * when the signal is aborted; the steps after it are reported as skipped. Never throws for a failure of the machine: the
 * outcome that failed has the Problem, which says what was done and what was not. A journal that cannot be written throws,
 * as nothing was changed.
 */
export async function* apply(plan: Plan, host: Host, options: ApplyOptions): AsyncGenerator<Outcome> {
  const steps = plan.steps.filter((step) => isAsked(step, options.only));
  const left = steps.flatMap(({ changes }) => changes.map(({ summary }) => summary));
  const run: Run = { host, options, done: [], left };
  if (left.length > 0 && options.journal !== false) await keepState(plan, run);
  let failed = false;
  for (const step of steps) {
    const outcome: Outcome = failed ? skipped(step) : await applyStep(step, run);
    failed ||= outcome.status === 'failed';
    yield outcome;
  }
}

function isAsked({ when }: PlannedStep, only: ApplyOptions['only']): boolean {
  return only === undefined || (when === 'after-proof') === (only === 'after-proof');
}

async function keepState(plan: Plan, run: Run): Promise<void> {
  const command = journalCommand(plan);
  if (!command) return;
  const output = await run.host.run(command, run.options.signal);
  if (output.exitCode !== 0) throw explain(output, progress(run, 'keep the state before the first change'));
}

async function applyStep(step: PlannedStep, run: Run): Promise<Outcome> {
  const { id, title, changes } = step;
  const started = performance.now();
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
  for (const change of changes) {
    const problem = await applyChange(change, run);
    if (problem) return outcome('failed', problem);
    run.done.push(change.summary);
    run.left.shift();
  }
  return outcome(changes.length > 0 ? 'changed' : 'unchanged');
}

async function prepared(step: PlannedStep, { options }: Run): Promise<Problem | undefined> {
  try {
    await options.beforeStep?.(step);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** Undefined when the change was made. A thrown Problem is a lost connection, a time limit or an abort; the rest are bugs. */
async function applyChange(change: Change, run: Run): Promise<Problem | undefined> {
  const { signal } = run.options;
  try {
    for (const planned of change.scripts) {
      if (signal?.aborted) return reconcileProblems.changeInterrupted(progress(run, change.summary));
      const source = await openSource(planned, run.options.sources, signal);
      const { timeoutMs } = planned;
      const command = { ...scriptCommand(planned.script), stdin: source.stdin, ...(timeoutMs && { timeoutMs }) };
      const output = await run.host.run(command, signal);
      const wrongSource = source.problem();
      if (wrongSource instanceof Problem) return wrongSource;
      if (output.exitCode !== 0) return explain(output, progress(run, change.summary));
    }
    return undefined;
  } catch (error) {
    if (signal?.aborted) return reconcileProblems.changeInterrupted(progress(run, change.summary), error);
    if (error instanceof Problem) return error;
    throw error;
  }
}

function progress({ host, options, done, left }: Run, doing: string): Progress {
  return { host: host.name, doing, done: [...done], left: [...left], again: options.again };
}

function skipped({ id, title }: PlannedStep): Outcome {
  return { id, title, status: 'skipped', done: [], ms: 0 };
}

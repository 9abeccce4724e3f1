import type { Result } from '../checks/check.ts';
import { nameVm } from '../checks/vm-in-hints.ts';
import { Problem } from '../problems.ts';
import { expected } from './change/change.ts';
import type { PhaseReport } from './change/event.ts';

/** The result for one VM. */
export interface VmReport<Note = string> {
  readonly vm: string;
  readonly status: 'planned' | 'unchanged' | 'changed' | 'failed';
  /** Absent when the run ended before it was known. */
  readonly namespace?: string;
  readonly group?: string;
  readonly address?: string;
  /** Writes to the cluster, in the imperative. */
  readonly cluster: readonly string[];
  readonly phases: readonly PhaseReport[];
  readonly results: readonly Result[];
  /** What the operator should know or do next. */
  readonly notes: readonly Note[];
  /** All changes that were made, as the plan's lines. */
  readonly done: readonly string[];
  readonly problem?: Problem;
  readonly ms: number;
}

/** Parts of a report, in order of time. */
export type Parts<Note = string> = AsyncGenerator<Partial<VmReport<Note>>, void, undefined>;

/**
 * Merges the parts of a report; a later part replaces fields of an earlier one. The report contains an expected
 * failure, and any error after Ctrl-C. A bug is thrown.
 */
export async function reportOf<Note>(vm: string, signal: AbortSignal, parts: Parts<Note>): Promise<VmReport<Note>> {
  const started = performance.now();
  let report: VmReport<Note> = {
    ...{ vm, status: 'failed', ms: 0 },
    ...{ cluster: [], phases: [], results: [], notes: [], done: [] },
  };
  try {
    for await (const part of parts) report = { ...report, ...part };
  } catch (error) {
    const problem = withVm(expected(error, signal, report.done), vm);
    report = { ...report, status: 'failed', problem };
  }
  return { ...report, ms: Math.round(performance.now() - started) };
}

/** Commands in the hint name the VM. */
function withVm(problem: Problem, vm: string): Problem {
  const hint = nameVm(problem.hint, vm);
  if (hint === problem.hint) return problem;
  const { id, message, issues } = problem;
  return new Problem(id, { message, hint, issues }, problem);
}

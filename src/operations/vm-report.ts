import type { Result } from '../checks/check.ts';
import type { Problem } from '../problems.ts';
import { expected } from './change/change.ts';
import type { PhaseReport } from './change/event.ts';

/** What became of one VM. */
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
  /** Everything that was done, in the words of the plan. */
  readonly done: readonly string[];
  readonly problem?: Problem;
  readonly ms: number;
}

/** The parts of a report, as they become known. */
export type Parts<Note = string> = AsyncGenerator<Partial<VmReport<Note>>, void, undefined>;

/**
 * Joins the parts of a report; a later one replaces what an earlier one said. An expected failure ends up in the report, and
 * so does what is thrown after Ctrl-C, with what was done. A bug is thrown.
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
    report = { ...report, status: 'failed', problem: expected(error, signal, report.done) };
  }
  return { ...report, ms: Math.round(performance.now() - started) };
}

import type { VmReport } from '../operations/vm-report.ts';
import { present } from '../present.ts';
import { Problem } from '../problems.ts';
import type { Terminal } from '../terminal.ts';
import { pasteable } from './print.ts';

/** The report of a use case for people and for programs. */
export interface PrintedReport extends Pick<
  VmReport,
  'vm' | 'status' | 'namespace' | 'group' | 'address' | 'cluster' | 'problem' | 'ms'
> {
  readonly steps: VmReport['phases'];
  readonly checks: VmReport['results'];
  readonly notes: readonly string[];
}

/** Adds its notes as lines, and the continuing command to the hint of its Problem. */
export function printedReport<Note>(
  report: VmReport<Note>,
  again: string,
  linesOf: (note: Note) => readonly string[] = (note) => [String(note)],
): PrintedReport {
  const { vm, status, namespace, group, address, cluster, phases, results, notes, done, problem, ms } = report;
  return {
    ...{ vm, status, ...present({ namespace, group, address }), cluster, steps: phases, checks: results },
    notes: [...new Set(notes.flatMap(linesOf))],
    ...(problem && { problem: done.length > 0 ? withNext(problem, again) : problem }),
    ms,
  };
}

/** The report with commands that can be pasted. */
export function pastedReport(report: PrintedReport, complete: Terminal['complete']): PrintedReport {
  if (!complete) return report;
  const { notes, problem } = report;
  const pasted = problem && { problem: pasteable({ complete }, problem) };
  return { ...report, notes: notes.map((note) => complete(note)), ...pasted };
}

/** The hint of a failure in the middle of a change says how to continue. */
function withNext(problem: Problem, again: string): Problem {
  const { id, message, hint, issues } = problem;
  if (/\bmeshx [a-z]/.test(hint)) return problem;
  const next = `What was done stays; then go on where it stopped: ${again}`;
  return new Problem(id, { message, hint: `${hint} (${next})`, issues }, problem);
}

/** How many changes of the VM the phases have: only steps change something that is counted. */
export function changesOf(phases: PrintedReport['steps']): number {
  return phases.filter(({ kind }) => kind === 'step').flatMap(({ changes }) => changes).length;
}

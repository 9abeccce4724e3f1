import type { VmReport } from '../operations/vm-report.ts';
import { Problem } from '../problems.ts';
import type { VmReport as PrintedReport } from '../operations/change/vm-report.ts';

/** The report of a use case as it is printed: its notes as lines, and in its hint the command that goes on. */
export function printedReport<Note>(
  { phases, results, notes, done, problem, ...report }: VmReport<Note>,
  again: string,
  linesOf: (note: Note) => readonly string[],
): PrintedReport {
  return {
    ...{ ...report, steps: phases, checks: results },
    notes: [...new Set(notes.flatMap(linesOf))],
    ...(problem && { problem: done.length > 0 ? withNext(problem, again) : problem }),
  };
}

/** Whatever went wrong half way, the hint says how it goes on: what failed need not know that changes came before it. */
function withNext(problem: Problem, again: string): Problem {
  const { id, message, hint, issues } = problem;
  if (/\bmeshx [a-z]/.test(hint)) return problem;
  const next = `What was done stays; then go on where it stopped: ${again}`;
  return new Problem(id, { message, hint: `${hint} (${next})`, issues }, problem);
}

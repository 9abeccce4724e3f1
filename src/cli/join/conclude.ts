import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Terminal } from '../../terminal.ts';
import { EXIT } from '../exit-codes.ts';
import { formatDocument, type OutputFormat, pasteable, tellProblem } from '../print.ts';
import { formatEnd, joinRecord, type JoinReport } from './report.ts';

/** How the end is told. */
export interface Ending {
  readonly terminal: Terminal;
  readonly output: OutputFormat;
  /** The last line for a VM; that of a join when absent. */
  readonly end?: (report: JoinReport) => string;
  /** Exit with 3 when something is planned. */
  readonly exitCode: boolean;
}

/** Tells what became of the VMs and gives the exit code. A document for programs is one, with its problems in it. */
export function conclude(
  { terminal, output, exitCode, end = formatEnd }: Ending,
  found: readonly JoinReport[],
): number {
  const reports = found.map((report) => completed(terminal, report));
  const told = reports.filter(({ status }) => status !== 'failed' || reports.length > 1);
  if (output === 'text') for (const report of told) terminal.out([end(report), ...report.notes]);
  else terminal.out(formatDocument({ vms: reports.map(joinRecord) }, output));
  const problem = problemOf(reports);
  if (problem) return tellProblem(terminal, problem);
  return exitCode && reports.some(isPlanned) ? EXIT.planNotEmpty : EXIT.done;
}

/** With commands that can be pasted. */
function completed(terminal: Terminal, report: JoinReport): JoinReport {
  const { notes, problem } = report;
  const { complete = (text: string) => text } = terminal;
  return { ...report, notes: notes.map(complete), ...(problem && { problem: pasteable(terminal, problem) }) };
}

function problemOf(reports: readonly JoinReport[]): Problem | undefined {
  const failed = reports.filter(({ problem }) => problem);
  if (failed.length === 0 || reports.length === 1) return failed[0]?.problem;
  return cliProblems.someVmsFailed({ total: reports.length, failed: failed.map(failure) });
}

function failure({ vm, problem }: JoinReport): string {
  return problem instanceof Problem ? `${vm}: ${problem.message} ${problem.hint} (${problem.id})` : vm;
}

function isPlanned({ status, cluster, steps }: JoinReport): boolean {
  return status === 'planned' && (cluster.length > 0 || steps.some(({ changes }) => changes.length > 0));
}

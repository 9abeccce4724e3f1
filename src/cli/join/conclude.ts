import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Runtime } from '../../runtime.ts';
import { EXIT } from '../exit-codes.ts';
import { formatDocument, type OutputFormat, pasteable, tellProblem } from '../print.ts';
import { formatEnd, joinRecord, type JoinReport } from './report.ts';

/** How the end is told. */
export interface Ending {
  readonly runtime: Runtime;
  readonly output: OutputFormat;
  /** The last line for a VM; that of a join when absent. */
  readonly end?: (report: JoinReport) => string;
  /** Exit with 3 when something is planned. */
  readonly exitCode: boolean;
}

/** Tells what became of the VMs and gives the exit code. A document for programs is one, with its problems in it. */
export function conclude({ runtime, output, exitCode, end = formatEnd }: Ending, found: readonly JoinReport[]): number {
  const reports = found.map((report) => completed(runtime, report));
  const told = reports.filter(({ status }) => status !== 'failed' || reports.length > 1);
  if (output === 'text') for (const report of told) runtime.out([end(report), ...report.notes]);
  else runtime.out(formatDocument({ vms: reports.map(joinRecord) }, output));
  const problem = problemOf(reports);
  if (problem) return tellProblem(runtime, problem);
  return exitCode && reports.some(isPlanned) ? EXIT.planNotEmpty : EXIT.done;
}

/** With commands that can be pasted. */
function completed(runtime: Runtime, report: JoinReport): JoinReport {
  const { notes, problem } = report;
  const { complete = (text: string) => text } = runtime;
  return { ...report, notes: notes.map(complete), ...(problem && { problem: pasteable(runtime, problem) }) };
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

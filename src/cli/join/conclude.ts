import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Runtime } from '../../runtime.ts';
import { EXIT } from '../exit-codes.ts';
import { formatDocument, type OutputFormat, tellProblem } from '../print.ts';
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
export function conclude(
  { runtime, output, exitCode, end = formatEnd }: Ending,
  reports: readonly JoinReport[],
): number {
  const told = reports.filter(({ status }) => status !== 'failed' || reports.length > 1);
  if (output === 'text') for (const report of told) runtime.out([end(report), ...report.notes]);
  else runtime.out(formatDocument({ vms: reports.map(joinRecord) }, output));
  const problem = problemOf(reports);
  if (problem) return tellProblem(runtime, problem);
  return exitCode && reports.some(isPlanned) ? EXIT.planNotEmpty : EXIT.done;
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

import type { Result } from '../checks/check.ts';
import type { Changed } from '../operations/change/plan-or-change.ts';
import type { Problem } from '../problems.ts';
import { cliProblems } from '../problems/cli.ts';
import type { Terminal } from '../terminal.ts';
import { formatPhase } from './change-text.ts';
import { EXIT } from './exit-codes.ts';
import { recapLine } from './progress/recap.ts';
import { endOf } from './progress/run-progress.ts';
import { changesOf, pastedReport, type PrintedReport } from './vm-report.ts';
import { formatDocument, type OutputFormat, pasteable, problemRecord, tellProblem } from './print.ts';

/** How the result is printed. */
export interface Ending {
  readonly terminal: Terminal;
  readonly output: OutputFormat;
  /** The last line for a VM; that of a join when absent. */
  readonly end?: (report: PrintedReport) => string;
  /** Exit with 3 when something is planned. */
  readonly exitCode: boolean;
}

/** Prints the results of the VMs and returns the exit code. Programs get one document, including problems. */
export function conclude(
  { terminal, output, exitCode, end = formatEnd }: Ending,
  found: readonly PrintedReport[],
): number {
  const reports = found.map((report) => pastedReport(report, terminal.complete));
  const shown = reports.filter(({ status }) => status !== 'failed' || reports.length > 1);
  if (output === 'text') {
    for (const report of shown) terminal.out([end(report), ...report.notes]);
    if (reports.length > 1) terminal.out([recapLine(reports.map((report) => endOf(report)[0]))]);
  }
  if (output !== 'text') terminal.out(formatDocument({ vms: reports.map(recordOf) }, output));
  const problem = problemOf(reports);
  if (problem) return tellProblem(terminal, problem);
  return exitCode && reports.some(isPlanned) ? EXIT.planNotEmpty : EXIT.done;
}

/** Prints the planned or completed phases, and returns the exit code. */
export function concludeChange(
  { terminal, output, exitCode }: Ending,
  { status, phases, problem }: Changed<Result>,
): number {
  const record = { steps: phases, ...(problem && { problem: problemRecord(pasteable(terminal, problem)) }) };
  const lines = phases.flatMap((phase) => formatPhase({ ...phase, seen: [] }));
  terminal.out(output === 'text' ? lines : formatDocument(record, output));
  if (problem) return tellProblem(terminal, problem);
  return exitCode && status === 'planned' && changesOf(phases) > 0 ? EXIT.planNotEmpty : EXIT.done;
}

/** The last line for a VM that joins. */
function formatEnd({ vm, status, group, namespace, address, cluster, steps, ms }: PrintedReport): string {
  const changes = cluster.length + changesOf(steps);
  const owner = group === undefined ? `namespace ${namespace}` : `WorkloadGroup ${namespace}/${group}`;
  const where = namespace === undefined ? '' : `, ${owner}${address ? `, address ${address}` : ''}`;
  const ends = {
    planned: changes === 0 ? 'up to date, the plan is empty' : `${changes} changes planned; nothing changed`,
    unchanged: 'up to date, no changes',
    changed: `done, ${changes} changes`,
    failed: `failed after ${changes} changes`,
  };
  return `${vm}: ${ends[status]} (${(ms / 1000).toFixed(1)} s${where})`;
}

/** The report for programs. */
function recordOf({ problem, checks, ...report }: PrintedReport): object {
  const shown = checks.map(({ id, category, title, ok, detail, hint, ms }) => ({
    ...{ id, category, title, ok, detail, ms },
    ...(hint && { hint }),
  }));
  return { ...report, checks: shown, ...(problem && { problem: problemRecord(problem) }) };
}

function problemOf(reports: readonly PrintedReport[]): Problem | undefined {
  const failed = reports.filter(({ problem }) => problem);
  if (failed.length === 0 || reports.length === 1) return failed[0]?.problem;
  return cliProblems.someVmsFailed({ total: reports.length, failed: failed.map(failure) });
}

function failure({ vm, problem }: PrintedReport): string {
  return problem ? `${vm}: ${problem.message} ${problem.hint} (${problem.id})` : vm;
}

function isPlanned({ status, cluster, steps }: PrintedReport): boolean {
  return status === 'planned' && (cluster.length > 0 || steps.some(({ changes }) => changes.length > 0));
}

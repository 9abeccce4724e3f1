import type { Result } from '../../checks/check.ts';
import type { ClusterPlan } from '../../cluster/api/plan.ts';
import { clusterPlanLines } from '../../cluster/api/plan.ts';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { asPlanned, type Observer, type PhaseReport } from './event.ts';
import { type Phase, registrationPhase } from './phases.ts';
import type { ChangeReport } from './record.ts';

/** Where a VM is in its cluster; absent until it is known. */
export interface MeshPlace {
  readonly group?: string;
  readonly namespace?: string;
  readonly address?: string;
}

/** What became of one VM: what text and JSON are printed from. */
export interface VmReport extends MeshPlace {
  readonly vm: string;
  readonly status: 'planned' | ChangeReport['status'];
  /** Writes to the cluster, in the imperative. */
  readonly cluster: readonly string[];
  readonly steps: readonly PhaseReport[];
  readonly checks: readonly Result[];
  /** What the operator should know or do next. */
  readonly notes: readonly string[];
  readonly problem?: Problem;
  /** Milliseconds from the first connection to the VM to the end. */
  readonly ms: number;
}

/** How many changes of the VM the phases have: only steps change something that is counted. */
export function changesOf(phases: readonly PhaseReport[]): number {
  return phases.filter(({ kind }) => kind === 'step').flatMap(({ changes }) => changes).length;
}

/** The writes to the cluster as a phase, where the VM itself is not changed. */
export function clusterReport(plan: ClusterPlan, status: 'planned' | 'changed'): PhaseReport {
  const phase = registrationPhase(plan, clusterPlanLines(plan));
  return { ...phase, status: phase.changes.length === 0 ? 'unchanged' : status, seen: [], ms: 0 };
}

/** The report of one VM while it grows. */
export class ReportBuilder {
  status: VmReport['status'] = 'failed';
  place: MeshPlace = {};
  cluster: readonly string[] = [];
  steps: readonly PhaseReport[] = [];
  notes: readonly string[] = [];
  /** The command that goes on after a failure. */
  again: string | undefined;
  #checks: readonly Result[] = [];
  #done: readonly string[] | undefined;

  /** Phases of a change that is not carried out. */
  plan(phases: readonly Phase[], observe: Observer<Result>): void {
    this.steps = asPlanned(phases);
    this.status = 'planned';
    for (const phase of this.steps) observe({ kind: 'phase', phase });
  }

  /** What became of a change. Throws its Problem. */
  take({ status, cluster, phases, results, notes, done, problem }: ChangeReport<Result>): void {
    this.cluster = [...this.cluster, ...cluster];
    this.steps = [...this.steps, ...phases];
    this.#checks = results;
    this.notes = [...this.notes, ...notes];
    this.#done = done;
    if (problem) throw problem;
    this.status = status;
  }

  /** Everything that was done, in the words of the plan. */
  done(): readonly string[] {
    if (this.#done) return this.#done;
    const steps = this.steps.filter(({ kind, status }) => kind !== 'cluster' && status !== 'planned');
    return [...this.cluster, ...steps.flatMap(({ changes }) => changes)];
  }

  report(vm: string, ms: number, problem: Problem | undefined): VmReport {
    const { status, place, cluster, steps, notes } = this;
    const end = problem ? { status: 'failed' as const, problem: this.#withNext(problem) } : { status };
    return { vm, ...place, cluster, steps, checks: this.#checks, notes, ms, ...end };
  }

  /** Whatever went wrong half way, the hint says how it goes on: what failed need not know that changes came before it. */
  #withNext(problem: Problem): Problem {
    const { id, message, hint, issues } = problem;
    if (this.again === undefined || this.done().length === 0 || /\bmeshx [a-z]/.test(hint)) return problem;
    const next = `What was done stays; then go on where it stopped: ${this.again}`;
    return new Problem(id, { message, hint: `${hint} (${next})`, issues }, problem);
  }
}

/**
 * Runs the body for one VM and reports what became of it. Never throws for a failure of this VM: the report has the Problem.
 * What is thrown after Ctrl-C is thrown because of it, and becomes `interrupted` with what was done, unless it says that itself.
 */
export async function reported(
  vm: string,
  signal: AbortSignal,
  body: (report: ReportBuilder) => Promise<void>,
): Promise<VmReport> {
  const started = performance.now();
  const report = new ReportBuilder();
  let problem: Problem | undefined;
  try {
    await body(report);
  } catch (error) {
    if (error instanceof Problem && !(signal.aborted && error.issues.length === 0)) problem = error;
    else if (signal.aborted) problem = cliProblems.interrupted({ done: report.done() }, error);
    else throw error;
  }
  return report.report(vm, Math.round(performance.now() - started), problem);
}

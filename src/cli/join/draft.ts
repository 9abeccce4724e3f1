import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { Say } from '../../world.ts';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { asPlanned } from '../../operations/change/event.ts';
import type { Phase } from '../../operations/change/phases.ts';
import type { ChangeReport } from '../../operations/change/record.ts';
import type { Result } from '../../checks/check.ts';
import type { ProofSubject } from './proofs.ts';
import { formatStep, type JoinReport, type StepReport } from './report.ts';

/** The report of one VM while it grows. */
export class Draft {
  readonly #vm: string;
  status: JoinReport['status'] = 'failed';
  cluster: readonly string[] = [];
  steps: readonly StepReport[] = [];
  notes: readonly string[] = [];
  readonly checks: Result[] = [];
  /** The command that goes on after a failure. */
  again: string | undefined;
  #where: Pick<JoinReport, 'group' | 'namespace' | 'address'> = {};
  #done: readonly string[] | undefined;

  constructor(vm: string) {
    this.#vm = vm;
  }

  about({ cluster, workload: { group, namespace }, vm }: ProofSubject): void {
    // Only istiod's generation has groups.
    this.#where = { ...(meshGeneration(cluster.generation).hasGroups && { group }), namespace, address: vm.address };
  }

  /** Where a VM is that says itself what it is to the mesh. */
  at(where: Pick<JoinReport, 'group' | 'namespace' | 'address'>): void {
    this.#where = where;
  }

  add(step: StepReport, say: Say): void {
    this.steps = [...this.steps, step];
    say(formatStep(step));
  }

  /** Shows the phases of a change that is not carried out. */
  plan(phases: readonly Phase[], say: Say): void {
    this.steps = asPlanned(phases);
    this.status = 'planned';
    for (const step of this.steps) say(formatStep(step));
  }

  /** What became of a change. Throws its Problem. */
  take({ status, cluster, phases, results, notes, done, problem }: ChangeReport<Result>): void {
    this.cluster = [...this.cluster, ...cluster];
    this.steps = [...this.steps, ...phases];
    this.checks.push(...results);
    this.notes = [...this.notes, ...notes];
    this.#done = done;
    if (problem) throw problem;
    this.status = status;
  }

  /** Everything that was done, in the words of the plan. */
  done(): readonly string[] {
    if (this.#done) return this.#done;
    const steps = this.steps.filter(({ id, status }) => id !== 'registration' && status !== 'planned');
    return [...this.cluster, ...steps.flatMap(({ changes }) => changes)];
  }

  report(ms: number, problem: Problem | undefined): JoinReport {
    const { status, cluster, steps, checks, notes } = this;
    const end = problem ? { status: 'failed' as const, problem: this.#withNext(problem) } : { status };
    return { vm: this.#vm, ...this.#where, cluster, steps, checks, notes, ms, ...end };
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
 * Runs the work on one VM and reports it. Never throws for a failure of this VM: the report has the Problem. What is thrown
 * after Ctrl-C is thrown because of it, and becomes `interrupted` with what was done, unless it says that itself.
 */
export async function reported(
  vm: string,
  signal: AbortSignal,
  work: (draft: Draft) => Promise<void>,
): Promise<JoinReport> {
  const started = performance.now();
  const draft = new Draft(vm);
  let problem: Problem | undefined;
  try {
    await work(draft);
  } catch (error) {
    if (error instanceof Problem && !(signal.aborted && error.issues.length === 0)) problem = error;
    else if (signal.aborted) problem = cliProblems.interrupted({ done: draft.done() }, error);
    else throw error;
  }
  return draft.report(Math.round(performance.now() - started), problem);
}

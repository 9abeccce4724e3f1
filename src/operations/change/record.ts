import { type Written } from '../../cluster/registration/register.ts';
import { showRef } from '../../mesh/kube-object.ts';
import type { Problem } from '../../problems.ts';
import type { Verified } from './decision.ts';
import type { ChangeEvent, Observer, PhaseReport } from './event.ts';
import type { Phase } from './phases.ts';

/** The result of a change. */
export interface ChangeReport<Result extends Verified = Verified> {
  readonly status: 'unchanged' | 'changed' | 'failed';
  readonly phases: readonly PhaseReport[];
  /** Writes to the cluster that were made. */
  readonly cluster: readonly string[];
  readonly results: readonly Result[];
  /** Notes about the VM and from the engine, in sentences. */
  readonly notes: readonly string[];
  /** Whether the switch was confirmed, or this run rolled the VM back. */
  readonly confirmed: boolean;
  readonly rolledBack: boolean;
  /** All changes that were made, as the plan's lines. */
  readonly done: readonly string[];
  readonly problem?: Problem;
}

/** Phases whose lines count as changes. The others change nothing permanent. */
const LASTING: readonly Phase['kind'][] = ['step', 'drain', 'stop', 'return'];

/** Collects the report of a change, and passes each event to the observer. */
export class ChangeRecord<Result extends Verified> {
  readonly #observe: Observer<Result>;
  readonly #phases: PhaseReport[] = [];
  readonly #cluster: string[] = [];
  readonly #results: Result[] = [];
  readonly #notes: string[] = [];
  #confirmed = false;
  #rolledBack = false;

  constructor(observe: Observer<Result>) {
    this.#observe = observe;
  }

  add(event: ChangeEvent<Result>): void {
    if (event.kind === 'phase') this.#ended(event.phase);
    if (event.kind === 'result') this.#results.push(event.result);
    if (event.kind === 'note') this.#notes.push(event.text);
    if (event.kind === 'rolled-back') this.#rolledBack = true;
    this.#observe(event);
  }

  /** A phase that ended. Its lines are those of the plan, unless it failed in the middle. */
  phase(
    phase: Phase,
    status: PhaseReport['status'],
    more: Partial<Pick<PhaseReport, 'seen' | 'ms' | 'changes'>>,
  ): void {
    this.add({ kind: 'phase', phase: { seen: [], ms: 0, ...phase, ...more, status } });
  }

  /** Runs a phase and reports its end. Does nothing for an absent phase. The body returns what it observed. */
  async during(
    phase: Phase | undefined,
    body: () => Promise<(Pick<PhaseReport, 'seen'> & { readonly skipped?: true }) | void>,
  ): Promise<void> {
    if (!phase) return;
    this.add({ kind: 'began', phase });
    const started = performance.now();
    const ms = (): number => Math.round(performance.now() - started);
    try {
      const end = await body();
      this.phase(phase, end?.skipped ? 'skipped' : 'changed', { seen: end?.seen ?? [], ms: ms() });
    } catch (error) {
      this.phase(phase, 'failed', { changes: [], ms: ms() });
      throw error;
    }
  }

  written({ verb, ref }: Written): void {
    this.#cluster.push(`${verb} ${showRef(ref)}`);
  }

  done(): readonly string[] {
    const lasting = this.#phases.filter(({ kind, status }) => LASTING.includes(kind) && status !== 'skipped');
    return [...this.#cluster, ...lasting.flatMap(({ changes }) => changes)];
  }

  report(status: 'unchanged' | 'changed', problem: Problem | undefined): ChangeReport<Result> {
    return {
      status: problem ? 'failed' : status,
      phases: this.#phases,
      cluster: this.#cluster,
      results: this.#results,
      notes: this.#notes,
      confirmed: this.#confirmed,
      rolledBack: this.#rolledBack,
      done: this.done(),
      ...(problem && { problem }),
    };
  }

  #ended(phase: PhaseReport): void {
    this.#phases.push(phase);
    if (phase.kind === 'confirm' && phase.status === 'changed') this.#confirmed = true;
  }
}

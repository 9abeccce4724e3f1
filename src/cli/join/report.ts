import type { ClusterPlan } from '../../cluster/api/plan.ts';
import { clusterPlanLines } from '../../cluster/api/plan.ts';
import { showRef } from '../../mesh/kube-object.ts';
import type { Problem } from '../../problems.ts';
import type { PhaseKind } from '../../operations/change/phases.ts';
import type { Result } from '../../checks/check.ts';
import { problemRecord } from '../print.ts';

/** What became of one VM: what text and JSON are printed from. */
export interface JoinReport {
  readonly vm: string;
  readonly status: 'planned' | 'unchanged' | 'changed' | 'failed';
  /** Absent when the run ended before it was known. */
  readonly group?: string;
  readonly namespace?: string;
  readonly address?: string;
  /** Writes to the cluster, in the imperative. */
  readonly cluster: readonly string[];
  readonly steps: readonly StepReport[];
  readonly checks: readonly Result[];
  /** What the operator should know or do next. */
  readonly notes: readonly string[];
  readonly problem?: Problem;
  /** Milliseconds from the first look at the VM to the end. */
  readonly ms: number;
}

export interface StepReport {
  readonly id: string;
  readonly title: string;
  readonly status: 'unchanged' | 'changed' | 'failed' | 'skipped' | 'planned';
  readonly changes: readonly string[];
  /** Absent for a step of the plan; the other phases change nothing that is counted. */
  readonly kind?: PhaseKind;
}

const MARKS: Readonly<Record<StepReport['status'], string>> = {
  unchanged: '=',
  planned: '+',
  changed: '+',
  failed: 'x',
  skipped: '-',
};

/** How many changes of the VM the steps have. */
export function changesOf(steps: readonly StepReport[]): number {
  return steps
    .filter(({ kind = 'step', id }) => kind === 'step' && id !== 'registration')
    .flatMap((step) => step.changes).length;
}

/** One line for a step, its changes below it. */
export function formatStep({ status, title, changes }: StepReport): readonly string[] {
  return [`${MARKS[status]} ${title}`, ...changes.map((change) => `    ${change}`)];
}

/** `ok`, `FAILED` or `skipped`, the good condition, and what was seen. */
export function formatCheck({ ok, id, title, detail, hint, ms }: Result): readonly string[] {
  const word = ok === 'skipped' ? 'skipped' : ok ? 'ok' : 'FAILED';
  const line = `${word.padEnd(7)} ${title} (${detail}; ${ms} ms) [${id}]`;
  return ok === false && hint ? [line, `        hint: ${hint}`] : [line];
}

/** The plan of the cluster as a step of its own. */
export function clusterStep(plan: ClusterPlan, status: 'planned' | 'changed'): StepReport {
  const changes = clusterPlanLines(plan);
  const title = `Registration in the cluster${changes.length === 0 && plan.unchanged.length > 0 ? `: ${plan.unchanged.map(showRef).join(', ')}` : ''}`;
  return { id: 'registration', title, status: changes.length === 0 ? 'unchanged' : status, changes };
}

/** The report for programs. */
export function joinRecord({ problem, checks, ...report }: JoinReport): object {
  const shown = checks.map(({ id, category, title, ok, detail, hint, ms }) => ({
    id,
    category,
    title,
    ok,
    detail,
    ms,
    ...(hint && { hint }),
  }));
  return { ...report, checks: shown, ...(problem && { problem: problemRecord(problem) }) };
}

/** The last line for a VM. */
export function formatEnd({ vm, status, group, namespace, address, cluster, steps, ms }: JoinReport): string {
  const changes = cluster.length + changesOf(steps);
  const owner = group === undefined ? `namespace ${namespace}` : `WorkloadGroup ${namespace}/${group}`;
  const where = namespace === undefined ? '' : `, ${owner}${address ? `, address ${address}` : ''}`;
  const words = {
    planned: changes === 0 ? 'up to date, the plan is empty' : `${changes} changes are planned, nothing was changed`,
    unchanged: 'up to date, no changes',
    changed: `done, ${changes} changes`,
    failed: `failed after ${changes} changes`,
  };
  return `${vm}: ${words[status]} (${(ms / 1000).toFixed(1)} s${where})`;
}

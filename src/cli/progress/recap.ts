import type { Outcome } from './vm-state.ts';

/** How a run ended for one VM. */
export interface VmEnd {
  readonly vm: string;
  readonly outcome: Outcome;
  /** What was done, or why it was not, as the rest of a line. */
  readonly detail: string;
}

const OUTCOMES: readonly Outcome[] = ['ok', 'changed', 'failed', 'skipped'];

/** A line for each VM, in their order, then the sums. */
export function formatRecap(ends: readonly VmEnd[]): readonly string[] {
  const width = Math.max(0, ...ends.map(({ vm }) => vm.length));
  const lines = ends.map(({ vm, outcome, detail }) => `${outcome.padEnd(7)}  ${vm.padEnd(width)}  ${detail}`.trimEnd());
  return [...lines, recapLine(ends)];
}

/** `recap: 1 ok, 2 changed, 0 failed, 0 skipped` */
export function recapLine(ends: readonly Pick<VmEnd, 'outcome'>[]): string {
  const counts = OUTCOMES.map((each) => `${ends.filter(({ outcome }) => outcome === each).length} ${each}`);
  return `recap: ${counts.join(', ')}`;
}

import type { Outcome } from './vm-state.ts';

const OUTCOMES: readonly Outcome[] = ['ok', 'changed', 'failed', 'skipped'];

/** How many VMs ended how: `recap: 1 ok, 2 changed, 0 failed, 0 skipped`. */
export function recapLine(outcomes: readonly Outcome[]): string {
  const counts = OUTCOMES.map((each) => `${outcomes.filter((outcome) => outcome === each).length} ${each}`);
  return `recap: ${counts.join(', ')}`;
}

import type { MeshConnections } from '../../vm/drain.ts';
import type { Verified } from './decision.ts';
import type { Phase } from './phases.ts';

/** What became of one phase. */
export interface PhaseReport extends Phase {
  readonly status: 'planned' | 'unchanged' | 'changed' | 'failed' | 'skipped';
  /** What was measured or observed while it ran; nothing of it was known before. */
  readonly seen: readonly string[];
  readonly ms: number;
}

/** A plan as it is shown before it is carried out. Pure. */
export function asPlanned(phases: readonly Phase[]): readonly PhaseReport[] {
  return phases.map((phase) => {
    const isUpToDate = (phase.kind === 'step' || phase.kind === 'cluster') && phase.changes.length === 0;
    return { ...phase, status: isUpToDate ? 'unchanged' : 'planned', seen: [], ms: 0 };
  });
}

/** What happens while a change runs, in order. */
export type ChangeEvent<Result extends Verified = Verified> =
  | { readonly kind: 'phase'; readonly phase: PhaseReport }
  | { readonly kind: 'result'; readonly result: Result }
  /** A sentence that the machine or the cluster gave reason for. */
  | { readonly kind: 'note'; readonly text: string }
  /** Another run changed the VM since it was inspected: it was inspected again. */
  | { readonly kind: 'inspected-again' }
  | { readonly kind: 'draining'; readonly connections: MeshConnections; readonly limitMs: number }
  /** The VM rolls itself back at this time unless it is confirmed before. */
  | { readonly kind: 'armed'; readonly until: Date }
  /** A new login has disarmed the switch. */
  | { readonly kind: 'confirmed'; readonly ms: number }
  /** After a failure. `kept`: nothing had been started, so what ran was left running. */
  | { readonly kind: 'rolled-back'; readonly kept: boolean }
  | { readonly kind: 'not-rolled-back'; readonly reason: string }
  /** After a failure: whether the VM is back in rotation, and if not, why. */
  | { readonly kind: 'returned'; readonly changes: readonly string[] }
  | { readonly kind: 'not-returned'; readonly reason: string }
  /** What a script said that changed something by itself, on stderr and then on stdout. */
  | { readonly kind: 'heard'; readonly name: string; readonly text: string }
  /** How long a script that began before its turn was waited for. */
  | { readonly kind: 'waited'; readonly name: string; readonly ms: number };

export type Observer<Result extends Verified = Verified> = (event: ChangeEvent<Result>) => void;

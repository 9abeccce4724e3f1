import type { MeshConnections } from '../../vm/drain.ts';
import type { Upload } from '../../reconcile/upload.ts';
import type { Verified } from './decision.ts';
import type { Phase } from './phases.ts';

/** The result of one phase. */
export interface PhaseReport extends Phase {
  readonly status: 'planned' | 'unchanged' | 'changed' | 'failed' | 'skipped';
  /** Observations while it ran. */
  readonly seen: readonly string[];
  readonly ms: number;
}

/** A plan for display. Pure. */
export function asPlanned(phases: readonly Phase[]): readonly PhaseReport[] {
  return phases.map((phase) => {
    const isUpToDate = (phase.kind === 'step' || phase.kind === 'cluster') && phase.changes.length === 0;
    return { ...phase, status: isUpToDate ? 'unchanged' : 'planned', seen: [], ms: 0 };
  });
}

/** What happens while a change runs, in order. */
export type ChangeEvent<Result extends Verified = Verified> =
  /** Before the first phase. */
  | { readonly kind: 'doing'; readonly what: 'connect' | 'inspect' }
  /** A phase that starts; steps whose changes share a command start together. */
  | { readonly kind: 'began'; readonly phase: Phase }
  | { readonly kind: 'phase'; readonly phase: PhaseReport }
  /** An upload: the bytes of its script so far, before encryption. */
  | { readonly kind: 'sent'; readonly name: string; readonly upload: Upload }
  | { readonly kind: 'result'; readonly result: Result }
  /** A note about the machine or the cluster. */
  | { readonly kind: 'note'; readonly text: string }
  /** Another run changed the VM after the inspection, which was repeated. */
  | { readonly kind: 'inspected-again' }
  | { readonly kind: 'draining'; readonly connections: MeshConnections; readonly limitMs: number }
  /** The VM rolls itself back at this time unless confirmed. */
  | { readonly kind: 'armed'; readonly until: Date }
  /** A new login has disarmed the switch. */
  | { readonly kind: 'confirmed'; readonly ms: number }
  /** After a failure. `kept`: nothing had been started, so the former sidecar keeps running. */
  | { readonly kind: 'rolled-back'; readonly kept: boolean }
  | { readonly kind: 'not-rolled-back'; readonly reason: string }
  /** After a failure: whether the VM returned to rotation, or why not. */
  | { readonly kind: 'returned'; readonly changes: readonly string[] }
  | { readonly kind: 'not-returned'; readonly reason: string }
  /** Output of a script that changed something: stderr, then stdout. */
  | { readonly kind: 'heard'; readonly name: string; readonly text: string }
  /** The wait for a script that started early. */
  | { readonly kind: 'waited'; readonly name: string; readonly ms: number };

export type Observer<Result extends Verified = Verified> = (event: ChangeEvent<Result>) => void;

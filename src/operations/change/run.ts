import type { Host } from '../../host/run/host.ts';
import type { Author } from '../../who.ts';
import type { DeadMan } from './dead-man.ts';
import type { Decision, Verified } from './decision.ts';
import type { Observer } from './event.ts';
import type { Phase, PhaseKind } from './phases.ts';
import type { ChangeRecord } from './record.ts';

/** A change of one VM: what it is called, and how it is decided. */
export interface Change<Result extends Verified = Verified> extends Author {
  readonly vm: string;
  readonly host: Host;
  /** What lock and audit show of the command. */
  readonly command: string;
  /** The command that goes on after a failure, as it can be typed. */
  readonly again: string;
  /** Aborted by the operator. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** `performance.now()` before the VM was inspected. */
  readonly inspectedAt: number;
  readonly decision: Decision<Result>;
  /** Decides anew; called under the lock when another run changed the VM in between. */
  readonly inspect?: (signal: AbortSignal) => Promise<Decision<Result>>;
  readonly observe: Observer<Result>;
}

/** A change under its lock: what its phases share. */
export interface Run<Result extends Verified> {
  readonly about: Change<Result>;
  readonly record: ChangeRecord<Result>;
  readonly phases: readonly Phase[];
  readonly deadMan: DeadMan | undefined;
}

/** Finds the phase of a kind that happens once; undefined where it does not happen. */
export function phaseOf({ phases }: { readonly phases: readonly Phase[] }, kind: PhaseKind): Phase | undefined {
  return phases.find((phase) => phase.kind === kind);
}

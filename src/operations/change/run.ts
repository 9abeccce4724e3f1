import type { Host } from '../../host/run/host.ts';
import type { Author } from '../../who.ts';
import type { DeadMan } from './dead-man.ts';
import type { Decision, Verified } from './decision.ts';
import type { Observer } from './event.ts';
import type { Phase, PhaseKind } from './phases.ts';
import type { ChangeRecord } from './record.ts';

/** A change of one VM: its command, and its decision. */
export interface Change<Result extends Verified = Verified> extends Author {
  readonly vm: string;
  readonly host: Host;
  /** The command in lock and audit. */
  readonly command: string;
  /** The command that continues after a failure. */
  readonly again: string;
  /** Aborted by the operator. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** `performance.now()` before the VM was inspected. */
  readonly inspectedAt: number;
  readonly decision: Decision<Result>;
  /** Decides again, under the lock, when another run changed the VM in between. */
  readonly inspect?: (signal: AbortSignal) => Promise<Decision<Result>>;
  readonly observe: Observer<Result>;
}

/** What the phases of a change share. */
export interface Run<Result extends Verified> {
  readonly about: Change<Result>;
  readonly record: ChangeRecord<Result>;
  readonly phases: readonly Phase[];
  readonly deadMan: DeadMan | undefined;
}

/** The phase of a kind that happens at most once. */
export function phaseOf({ phases }: { readonly phases: readonly Phase[] }, kind: PhaseKind): Phase | undefined {
  return phases.find((phase) => phase.kind === kind);
}

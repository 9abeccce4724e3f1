import type { Result } from '../../checks/check.ts';
import type { Problem } from '../../problems.ts';
import type { RestartOptions } from '../change/decision.ts';
import type { ChangeEvent } from '../change/event.ts';
import type { ClusterOptions } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { Place } from '../membership/member.ts';

/** How a VM rolls back to its former package. */
export interface RollbackOptions {
  readonly cluster: ClusterOptions;
  /** How to reach the VM, whose addresses identify its entry. */
  readonly machine: MachineOptions;
  /** The VM's place in its cluster, as given by the operator. */
  readonly place: Place;
  readonly restart: RestartOptions;
  /** Seconds that the VM waits for its confirmation. */
  readonly confirmWithin: number;
}

/** What happens during a rollback, in order. A phase that is planned has not begun. */
export type RollbackEvent =
  | ChangeEvent<Result>
  /** The VM stays in rotation while it restarts: its cluster has no entry for it, or is unreachable. */
  | { readonly kind: 'not-registered'; readonly namespace: string; readonly group: string }
  | { readonly kind: 'cluster-unreachable'; readonly problem: Problem };

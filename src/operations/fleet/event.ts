import type { Batch } from '../../fleet/batches.ts';
import type { FleetPlan, PlannedVm } from '../../fleet/plan.ts';
import type { JoinEvent } from '../join/run.ts';
import type { LeaveEvent, LeaveNote } from '../leave/report.ts';
import type { RollbackEvent } from '../rollback/inspect.ts';
import type { VmReport } from '../vm-report.ts';

/** The end of one VM in a run of a fleet. */
export interface VmEnd {
  readonly vm: string;
  readonly status: 'unchanged' | 'changed' | 'failed' | 'skipped';
  /** Why it was skipped. */
  readonly reason?: string;
  /** Absent for a VM that was skipped. */
  readonly report?: VmReport<string | LeaveNote>;
}

/** What happens while a fleet is planned and changed, in order. */
export type FleetEvent =
  | { readonly kind: 'planned-vm'; readonly planned: PlannedVm; readonly done: number; readonly total: number }
  | { readonly kind: 'planned'; readonly plan: FleetPlan; readonly hash: string }
  | { readonly kind: 'batch'; readonly batch: Batch; readonly number: number; readonly total: number }
  | { readonly kind: 'vm-begins'; readonly vm: string }
  /** An event of the use case that changes one VM. */
  | { readonly kind: 'vm-event'; readonly vm: string; readonly event: JoinEvent | LeaveEvent | RollbackEvent }
  | { readonly kind: 'vm-ends'; readonly end: VmEnd }
  | { readonly kind: 'soaking'; readonly vms: readonly string[]; readonly seconds: number }
  | { readonly kind: 'canary-checked'; readonly vm: string; readonly failed: readonly string[] }
  | { readonly kind: 'pruning'; readonly vms: readonly string[] };

export type FleetObserver = (event: FleetEvent) => void;

/** The result of a run over a fleet. */
export interface FleetReport {
  readonly fleet: string;
  readonly hash: string;
  /** All VMs of the plan, in its order. */
  readonly ends: readonly VmEnd[];
  /** Why the run stopped before its end. */
  readonly stopped?: string;
  /** VMs that a rollback left as they are: they have no earlier package. */
  readonly first?: readonly string[];
}

import type { ClusterPlan } from '../api/plan.ts';
import type { RegisteredVm } from './registered-vm.ts';

/** A VM that leaves. */
export interface Leaving extends RegisteredVm {
  /** The machine does not exist any more: its entry goes too. */
  readonly gone?: boolean;
  /** The group is named after the machine: when it is gone and no entry has an address of its, the only entry is its own. */
  readonly namesGroup?: boolean;
}

/** What must be written so that nothing in the cluster speaks of a VM, and what stays on purpose. */
export interface Departure {
  readonly plan: ClusterPlan;
  /** Sentences about what stays. */
  readonly notes: readonly string[];
  /** Of the notes the one that a group stays for the other machines in it. */
  readonly sharedNote?: string;
}

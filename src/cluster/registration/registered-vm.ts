import type { GenerationName } from '../../mesh/generation.ts';
import type { ClusterPlan } from '../api/plan.ts';

/** A VM of a cluster. */
export interface RegisteredVm {
  readonly generation: GenerationName;
  readonly namespace: string;
  /** Its WorkloadGroup; a classic cluster has none. */
  readonly group: string;
  /** Addresses of the machine; its entry has one of them. */
  readonly addresses: readonly string[];
  readonly signal?: AbortSignal;
}

/** What makes clients stop, or start, opening connections to a VM. */
export interface Rotation {
  readonly plan: ClusterPlan;
  /** Services whose state the plan changes. */
  readonly services: readonly string[];
  /** Services of other owners: no label of meshx takes the VM out of them. */
  readonly foreign: readonly string[];
}

/** Addresses that the cluster has for a VM. */
export interface ClusterMembers {
  readonly own: readonly string[];
  /** All others in its WorkloadGroup. */
  readonly others: readonly string[];
}

/** A VM that leaves. */
export interface Leaving extends RegisteredVm {
  /** The machine no longer exists: its entry is deleted too. */
  readonly gone?: boolean;
  /** The group is named after the machine. The only entry left in it is then the machine's, whatever its address. */
  readonly namesGroup?: boolean;
}

/** What removes a VM from the cluster, and what stays on purpose. */
export interface Departure {
  readonly plan: ClusterPlan;
  /** Sentences about what stays. */
  readonly notes: readonly string[];
  /** The note that a group stays for its other machines; also one of `notes`. */
  readonly sharedNote?: string;
}

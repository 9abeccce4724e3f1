import type { GenerationName } from '../../mesh/generation.ts';
import type { ClusterPlan } from '../api/plan.ts';

/** Which VM of a cluster. */
export interface RegisteredVm {
  readonly generation: GenerationName;
  readonly namespace: string;
  /** Its WorkloadGroup; a classic cluster has none. */
  readonly group: string;
  /** Addresses of the machine; its entry has one of them. */
  readonly addresses: readonly string[];
  readonly signal?: AbortSignal;
}

/** What has to be written so that clients stop, or begin, to open connections to a VM. */
export interface Rotation {
  readonly plan: ClusterPlan;
  /** Services whose state the plan changes. */
  readonly services: readonly string[];
  /** Services of other owners, which no label of ours takes the VM out of. */
  readonly foreign: readonly string[];
}

/** Addresses that the cluster has for a VM. */
export interface ClusterMembers {
  /** Of the addresses of the VM those that the cluster knows. */
  readonly own: readonly string[];
  /** All others in its WorkloadGroup. */
  readonly others: readonly string[];
}

import type { Batch } from './batches.ts';
import type { Rollout } from './schema.ts';

/** The plan of one VM. Plain data. */
export interface PlannedVm {
  readonly vm: string;
  /** `new`: no run of this fleet has joined it. `failed`: it could not be planned, and a run tries it again. */
  readonly status: 'new' | 'changes' | 'unchanged' | 'failed';
  /** Its changes in the imperative: those of the cluster, then those of the machine. */
  readonly lines: readonly string[];
  /** Services that it has and the file does not name: they leave with `--prune`. */
  readonly extra?: readonly string[];
  /** Of each change, content included: 16 hexadecimal digits. */
  readonly digests: readonly string[];
  /** Why it could not be planned. */
  readonly problem?: Error & { readonly id: string; readonly hint: string; readonly issues: readonly string[] };
}

/** The joint plan of a fleet. Plain data. */
export interface FleetPlan {
  readonly fleet: string;
  /** How the file wants its VMs to be changed; the batches follow from it. */
  readonly rollout: Rollout;
  readonly vms: readonly PlannedVm[];
  readonly batches: readonly Batch[];
  /** Members that the file no longer names. */
  readonly removed: readonly string[];
  /** What SSH would connect to, of removed members for which the record has another address than their name. */
  readonly removedAt?: Readonly<Record<string, string>>;
  /** Whether those are removed by the run. */
  readonly prunes: boolean;
}

/** Whether the plan changes something, or a VM of it could not be planned. */
export function isDue({ status }: PlannedVm): boolean {
  return status === 'failed' || status === 'changes' || status === 'new';
}

/** Whether a run of the plan has nothing to do. */
export function isEmptyFleetPlan({ vms, removed, prunes }: FleetPlan): boolean {
  return !vms.some(isDue) && !(prunes && removed.length > 0);
}

/** Removed members with their addresses: `web-3 (at 10.0.0.7)`. */
export function shownRemoved(plan: FleetPlan): readonly string[] {
  return plan.removed.map((vm) => shownVm(plan, vm));
}

/** A VM, with its address where only the record of the fleet knows it. */
export function shownVm({ removedAt = {} }: Pick<FleetPlan, 'removedAt'>, vm: string): string {
  return Object.hasOwn(removedAt, vm) ? `${vm} (at ${removedAt[vm] ?? ''})` : vm;
}

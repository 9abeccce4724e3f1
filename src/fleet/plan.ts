import { createHash } from 'node:crypto';
import type { Batch } from './batches.ts';

/** The plan of one VM. Plain data. */
export interface PlannedVm {
  readonly vm: string;
  /** `new`: no run of this fleet has joined it. `failed`: it could not be planned, and a run tries it again. */
  readonly status: 'new' | 'changes' | 'unchanged' | 'failed';
  /** Its changes in the imperative: those of the cluster, then those of the machine. */
  readonly lines: readonly string[];
  /** Of everything that the plan does, content included. */
  readonly digest: string;
  /** Why it could not be planned. */
  readonly problem?: Error & { readonly id: string; readonly hint: string; readonly issues: readonly string[] };
}

/** The joint plan of a fleet. Plain data. */
export interface FleetPlan {
  readonly fleet: string;
  readonly vms: readonly PlannedVm[];
  readonly batches: readonly Batch[];
  /** Members that the file no longer names. */
  readonly removed: readonly string[];
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

/** The hash of a joint plan: 16 hexadecimal digits. Equal for equal changes of the same VMs in the same batches. */
export function fleetPlanHash({ fleet, vms, batches, removed, prunes }: FleetPlan): string {
  const changes = vms.map(({ vm, status, digest }) => [vm, status === 'failed', digest]);
  const text = JSON.stringify([
    fleet,
    changes,
    batches.map(({ canary, vms: names }) => [canary, names]),
    prunes ? removed : [],
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

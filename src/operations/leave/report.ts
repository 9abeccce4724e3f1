import type { Result } from '../../checks/check.ts';
import type { RegisteredVm } from '../../cluster/registration/registered-vm.ts';
import type { Difference } from '../../reconcile/undo/compare.ts';
import type { Kept } from '../../reconcile/undo/plan.ts';
import type { ChangeEvent } from '../change/event.ts';
import type { Calling } from '../change/plan-or-change.ts';
import type { Place } from '../membership/member.ts';
import type { VmReport } from '../vm-report.ts';

/** A note about a VM that leaves, or the next step. */
export type LeaveNote =
  /** A sentence about what stays or was found. */
  | { readonly kind: 'remark'; readonly text: string }
  /** Its group stays for the other machines in it. */
  | { readonly kind: 'group-stays'; readonly text: string; readonly registered: RegisteredVm }
  /** A file stays until the operator decides about it. */
  | ({ readonly kind: 'kept' } & Pick<Kept, 'path' | 'reason'>)
  /** The audit on the VM is removed with the rest. */
  | { readonly kind: 'audit-goes' }
  /** The other side is not undone yet. The machine no longer has its place. */
  | { readonly kind: 'cluster-left'; readonly place: Place }
  | { readonly kind: 'machine-left' }
  /** All VMs of a group have left, and the group itself is not removed. */
  | { readonly kind: 'group-left'; readonly namespace: string; readonly group: string };

export type LeaveReport = VmReport<LeaveNote>;

/** A sentence as a note. */
export function remark(text: string): LeaveNote {
  return { kind: 'remark', text };
}

/** What happens while a VM leaves, in order. A phase that is planned has not begun. */
export type LeaveEvent =
  | ChangeEvent<Result>
  /** Before the confirmation, and when notes explain a failure. */
  | { readonly kind: 'notes'; readonly notes: readonly LeaveNote[] }
  /** One side is unreachable, and the other one can be undone alone. */
  | { readonly kind: 'unreachable'; readonly side: 'machine' | 'cluster' }
  /** `rewritten`: files whose content differs because their programs rewrite them. `remade`: what only a reboot changed. */
  | {
      readonly kind: 'compared';
      readonly differences: readonly Difference[];
      readonly rewritten: readonly Difference[];
      readonly remade: readonly { readonly difference: Difference; readonly reason: string }[];
    };

/** The writes to the cluster, and the number of changes on the machine. */
export interface Removal {
  readonly cluster: readonly string[];
  readonly onVm: number;
}

/** One VM that is to leave. */
export interface LeavingVm extends Omit<Calling<LeaveEvent>, 'dryRun'> {
  /** Called with the plan before anything is changed; throws to refuse it. Absent: no one is asked. */
  readonly confirm?: (removal: Removal) => Promise<void>;
}

import type { Result } from '../../checks/check.ts';
import type { RegisteredVm } from '../../cluster/registration/registered-vm.ts';
import type { Difference } from '../../reconcile/undo/compare.ts';
import type { Kept } from '../../reconcile/undo/plan.ts';
import type { ChangeEvent } from '../change/event.ts';
import type { Calling } from '../change/plan-or-change.ts';
import type { Place } from '../membership/member.ts';
import type { VmReport } from '../vm-report.ts';

/** What the operator should know of a VM that leaves, or do next. */
export type LeaveNote =
  /** A sentence of the engine or of the cluster's side, about what stays or was found. */
  | { readonly kind: 'remark'; readonly text: string }
  /** Its group stays for the other machines in it. */
  | { readonly kind: 'group-stays'; readonly text: string; readonly registered: RegisteredVm }
  /** A file stays until the operator decides about it. */
  | ({ readonly kind: 'kept' } & Pick<Kept, 'path' | 'reason'>)
  /** The audit on the VM goes with the rest. */
  | { readonly kind: 'audit-goes' }
  /** The other side is not undone yet; the place is what the machine no longer says. */
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
  /** Before the operator is asked, and where a report ends in a failure that the notes explain. */
  | { readonly kind: 'notes'; readonly notes: readonly LeaveNote[] }
  /** One side cannot be reached, and the other one can be undone alone. */
  | { readonly kind: 'unreachable'; readonly side: 'machine' | 'cluster' }
  /** `rewritten`: files whose content differs because their programs write them anew. */
  | {
      readonly kind: 'compared';
      readonly differences: readonly Difference[];
      readonly rewritten: readonly Difference[];
    };

/** What is about to be changed: the writes to the cluster one by one, and how much is undone on the machine. */
export interface Removal {
  readonly cluster: readonly string[];
  readonly onVm: number;
}

/** One VM that is to leave. */
export interface LeavingVm extends Omit<Calling<LeaveEvent>, 'dryRun'> {
  /** Called with the plan before anything is changed; throws to refuse it. Absent: no one is asked. */
  readonly confirm?: (removal: Removal) => Promise<void>;
}

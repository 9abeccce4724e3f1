import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Approval, approvalText, isRestOfApproved, readApproval } from '../../fleet/approval.ts';
import type { FleetPlan } from '../../fleet/plan.ts';
import type { FleetRecord } from '../../fleet/record.ts';

/** Of 2000 VMs with a hundred changes each. */
const MOST_BYTES = 8_000_000;

/** What a hash approves, for the record of its fleet. */
export function packApproval(plan: FleetPlan): string {
  return deflateRawSync(approvalText(plan)).toString('base64');
}

/** The record's approval, if it is the one of this hash. An account that may write the record cannot make another one. */
function unpackApproval(packed: string, hash: string): Approval | undefined {
  try {
    const text = inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_BYTES });
    return readApproval(text.toString('utf8'), hash);
  } catch {
    return undefined;
  }
}

/** Whether a plan is the rest of a run that this hash approved. */
export function isRestOfRun(plan: FleetPlan, { approval }: FleetRecord, hash: string): boolean {
  const approved = approval === undefined ? undefined : unpackApproval(approval, hash);
  return approved !== undefined && isRestOfApproved(plan, approved);
}

import { createHash } from 'node:crypto';
import * as z from 'zod';
import { tryJson } from '../documents/json.ts';
import { type FleetPlan, isDue, shownRemoved } from './plan.ts';

const Name = z.string().max(300);

/** What an operator approves with the hash of a plan. Who has the hash can tell whether a kept text is the approved one. */
const ApprovalSchema = z.strictObject({
  fleet: Name,
  /** JSON, to be compared. */
  rollout: z.string(),
  canaries: z.array(Name),
  batches: z.array(z.array(Name)),
  /** Of each VM the digests of its changes; `null` for one without a plan. */
  vms: z.array(z.tuple([Name, z.array(z.string()).nullable()])),
  /** Members that leave, with their addresses. */
  removed: z.array(z.string()),
});

export type Approval = z.infer<typeof ApprovalSchema>;

function approvalOf(plan: FleetPlan): Approval {
  const { fleet, rollout, vms, batches, prunes } = plan;
  const named = (isCanary: boolean) => batches.filter(({ canary }) => canary === isCanary).map((each) => [...each.vms]);
  return {
    fleet,
    rollout: JSON.stringify(rollout),
    canaries: named(true).flat(),
    batches: named(false),
    vms: vms.map(({ vm, status, digests }) => [vm, status === 'failed' ? null : [...digests]]),
    removed: prunes ? [...shownRemoved(plan)] : [],
  };
}

/** What the hash of a plan is made of. Pure. */
export function approvalText(plan: FleetPlan): string {
  return JSON.stringify(approvalOf(plan));
}

/** The hash of a joint plan: 32 hexadecimal digits. Equal for equal changes of the same VMs in the same batches. Pure. */
export function fleetPlanHash(plan: FleetPlan): string {
  return hashOf(approvalText(plan));
}

/** Reads a kept text that anyone may have written: undefined unless it is the one that has this hash. Pure. */
export function readApproval(text: string, hash: string): Approval | undefined {
  return hashOf(text) === hash ? ApprovalSchema.safeParse(tryJson(text)).data : undefined;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/**
 * Whether a plan is what an interrupted run of the approved plan has left: the same VMs with some of their approved changes and no other
 * ones, behind the same canaries. Pure.
 */
export function isRestOfApproved(plan: FleetPlan, approved: Approval): boolean {
  const now = approvalOf(plan);
  const isSame = now.fleet === approved.fleet && now.rollout === approved.rollout;
  const names = ({ vms }: Approval): string => JSON.stringify(vms.map(([vm]) => vm));
  const allowed = new Map(approved.vms);
  return (
    isSame &&
    names(now) === names(approved) &&
    now.vms.every(([vm, digests]) => within(digests ?? [], allowed.get(vm) ?? [])) &&
    within(now.removed, approved.removed) &&
    JSON.stringify(now.canaries) === JSON.stringify(canariesLeft(plan, approved))
  );
}

/** All canaries go first again while another VM is due: the changed ones are watched before the rest begins. */
function canariesLeft({ vms }: FleetPlan, { canaries }: Approval): readonly string[] {
  const due = vms.filter(isDue).map(({ vm }) => vm);
  return due.every((vm) => canaries.includes(vm)) ? canaries.filter((vm) => due.includes(vm)) : canaries;
}

function within(items: readonly string[], all: readonly string[]): boolean {
  const known = new Set(all);
  return items.every((item) => known.has(item));
}

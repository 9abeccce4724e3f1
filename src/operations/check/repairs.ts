import type { Result } from '../../checks/check.ts';
import { type CheckReport, type Member, outcomeOf } from '../../checks/report/report.ts';

/** A VM with findings that a repair puts right. */
export interface RepairedVm extends Member {
  readonly findings: readonly Result[];
}

/** What a repair of a mesh consists of. */
export interface Repairs {
  readonly vms: readonly RepairedVm[];
  /** Errors and warnings that a person decides about. */
  readonly left: readonly Result[];
}

/** Divides the findings of a check by who puts them right. Pure. */
export function repairsOf({ results, members = [] }: Pick<CheckReport, 'results' | 'members'>): Repairs {
  const failed = results.filter((result) => ['error', 'warning'].includes(outcomeOf(result)));
  const vms = members
    .map((member) => ({ ...member, findings: failed.filter((result) => isRepairedAt(member, result)) }))
    .filter(({ findings }) => findings.length > 0);
  const repaired = new Set(vms.flatMap(({ findings }) => findings));
  return { vms, left: failed.filter((result) => !repaired.has(result)) };
}

function isRepairedAt({ vm }: Member, { repair, object }: Result): boolean {
  return repair !== undefined && object === `VM ${vm}`;
}

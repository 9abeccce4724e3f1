import type { Problem } from '../problems.ts';
import { lockProblems } from '../problems/lock.ts';
import { auditChain, auditText, type Chain } from '../reconcile/audit.ts';
import type { World } from '../world.ts';
import { type MachineOptions, openMachine } from './connection/machine.ts';

/** The audit of a VM, and whether it is intact. */
export interface AuditReport {
  readonly text: string;
  readonly found: Chain;
  /** `audit-chain-broken`, `audit-head-missing`. */
  readonly problem?: Problem;
}

/** Reads and verifies the audit; `head` is a hash of an earlier reading. Only reads. */
export async function inspectAudit(
  world: World,
  { machine, vm, head }: { readonly machine: MachineOptions; readonly vm: string; readonly head: string | undefined },
): Promise<AuditReport> {
  await using host = await openMachine(world, machine, vm);
  const text = await auditText(host, world.signal);
  const found = auditChain(text);
  const problem = problemOf(host.name, found, head);
  return { text, found, ...(problem && { problem }) };
}

function problemOf(host: string, { broken, hashes }: Chain, head: string | undefined): Problem | undefined {
  if (broken) return lockProblems.chainBroken({ host, ...broken });
  return head === undefined || hashes.includes(head) ? undefined : lockProblems.headMissing({ host, head });
}

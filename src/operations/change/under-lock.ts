import { randomBytes } from 'node:crypto';
import type { Host } from '../../host/run/host.ts';
import { Problem } from '../../problems.ts';
import { auditMembers, type AuditNote } from '../../reconcile/audit.ts';
import { type End, type Holder, withLock } from '../../reconcile/lock.ts';
import { installedPackages, planHash, summaries } from '../../reconcile/plan.ts';
import type { Plan } from '../../reconcile/plan.ts';
import type { Author } from '../../who.ts';

/** A decision about a VM, and how many further changes it makes. */
export interface Counted {
  readonly plan: Plan;
  readonly also: readonly string[];
}

/** The command of a run, and how it continues. */
export interface Locking<Decided extends Counted> extends Author {
  /** The command in lock and audit. */
  readonly command: string;
  /** The command that continues after a failure. */
  readonly again: string;
  /** Aborted by the operator. */
  readonly signal: AbortSignal;
  /** `performance.now()` before the VM was inspected. */
  readonly inspectedAt: number;
  /** Decides again, under the lock, when another run changed the VM since it was inspected. */
  readonly inspect?: (signal: AbortSignal) => Promise<Decided>;
  readonly note: (text: string) => void;
  /** The number of changes so far. */
  readonly done: () => number;
}

/**
 * Changes a VM as its only operator and records it in the VM's audit, with one round trip before the body and one after
 * it. Without a change there is neither lock nor audit line. The body must use the given signal, which also aborts when
 * the lock is lost. Throws errors of `withLock` and of the body.
 */
export async function underLock<Decided extends Counted>(
  host: Host,
  locking: Locking<Decided>,
  first: Decided,
  body: (decided: Decided, signal: AbortSignal) => Promise<void>,
): Promise<Decided> {
  const { signal, command, who, meshx, again, inspect } = locking;
  if (changesOf(first) === 0) {
    await body(first, signal);
    return first;
  }
  const holder: Holder = { run: randomBytes(8).toString('hex'), who, command, meshx };
  let current = first;
  const note = {
    began: auditMembers({ event: 'began', ...holder, ...ofPlan(first.plan), changes: changesOf(first) }),
    ended: (end: End<void>) => auditMembers(lastNote({ holder, locking, current, end })),
  };
  await withLock(
    host,
    holder,
    { signal, again, note, lookedAt: locking.inspectedAt, say: locking.note },
    async (held) => {
      if (held.moved && inspect) current = await inspect(held.signal);
      await body(current, held.signal);
    },
  );
  return current;
}

/** Writes to the cluster count as well. */
export function changesOf({ plan, also }: Counted): number {
  return summaries(plan).length + also.length;
}

interface Last<Decided extends Counted> {
  readonly holder: Holder;
  readonly locking: Locking<Decided>;
  readonly current: Decided;
  readonly end: End<void>;
}

function lastNote<Decided extends Counted>({ holder, locking, current, end }: Last<Decided>): AuditNote {
  const problem = 'error' in end ? end.error : undefined;
  const result = resultOf(problem, locking.signal.aborted);
  return { event: 'ended', ...holder, ...ofPlan(current.plan), changes: locking.done(), result };
}

function ofPlan(plan: Plan): Pick<AuditNote, 'plan' | 'packages'> {
  const packages = installedPackages(plan);
  return { plan: planHash(plan), ...(packages.length > 0 && { packages }) };
}

/** As the audit shows it; a bug has no id. */
function resultOf(problem: unknown, aborted: boolean): string {
  if (problem === undefined) return 'changed';
  if (aborted) return 'interrupted';
  const id = problem instanceof Problem ? problem.id : 'bug';
  return `${/(^|-)revert/.test(id) ? 'reverted' : 'failed'}: ${id}`;
}

import { randomBytes } from 'node:crypto';
import type { Host } from '../host/host.ts';
import { Problem } from '../problems.ts';
import { auditMembers, type AuditNote } from '../reconcile/audit.ts';
import { type End, type Holder, withLock } from '../reconcile/lock.ts';
import { type Plan, planHash, summaries } from '../reconcile/plan.ts';
import { whoOf } from '../who.ts';
import type { Say, World } from '../world.ts';

/** What was decided about a VM. `also` names changes beside the plan (writes to the cluster), so that they count too. */
export interface Decided {
  readonly plan: Plan;
  readonly also?: readonly string[];
}

/** What a change is called, and how it goes on. */
export interface ChangeAbout<Work, Result> {
  readonly world: World;
  /** What lock and audit show: `commandWords`. */
  readonly command: string;
  /** The command that goes on after a failure, as it can be typed. */
  readonly again: string;
  /** Where notes go; stderr when absent. */
  readonly say?: Say;
  /** `performance.now()` before the facts were gathered; the start of the process when absent. */
  readonly lookedAt?: number;
  /** Makes the work anew; called under the lock, when another run changed the VM since it was looked at. */
  readonly look?: (signal: AbortSignal) => Promise<Work>;
  /** For a body that gives its failure back instead of throwing it. */
  readonly problemOf?: (result: Result) => Problem | undefined;
  /** How many changes are made by now. */
  readonly done?: () => number;
}

/**
 * Changes a VM as its only operator and notes it in the audit on the VM: one round trip before the body and one after it.
 * Where nothing is to be done there is neither lock nor line. The body must use the signal that it is given: it also ends
 * when the lock is lost. Throws what `withLock` throws, and what the body throws.
 */
export async function changing<Work extends Decided, Result>(
  host: Host,
  about: ChangeAbout<Work, Result>,
  work: Work,
  body: (work: Work, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { world, command, again, look, say = world.note } = about;
  if (changesOf(work) === 0) return await body(work, world.signal);
  const holder: Holder = { run: randomBytes(8).toString('hex'), who: whoOf(world), command, meshx: world.version };
  let current = work;
  const note = {
    began: auditMembers({ event: 'began', ...holder, plan: planHash(work.plan), changes: changesOf(work) }),
    ended: (end: End<Result>) => auditMembers(lastNote({ holder, about, work: current, end })),
  };
  const lookedMsAgo = performance.now() - (about.lookedAt ?? 0);
  const options = { signal: world.signal, again, note, lookedMsAgo, say };
  return await withLock(host, holder, options, async ({ signal, moved }) => {
    if (moved && look) {
      say(`note: another run changed ${host.name} a moment ago; it is looked at again`);
      current = await look(signal);
    }
    return await body(current, signal);
  });
}

function changesOf({ plan, also = [] }: Decided): number {
  return summaries(plan).length + also.length;
}

interface Last<Work, Result> {
  readonly holder: Holder;
  readonly about: ChangeAbout<Work, Result>;
  readonly work: Work;
  readonly end: End<Result>;
}

function lastNote<Work extends Decided, Result>({ holder, about, work, end }: Last<Work, Result>): AuditNote {
  const problem = 'error' in end ? end.error : about.problemOf?.(end.result);
  const result = resultOf(problem, about.world.signal.aborted);
  const changes = about.done?.() ?? (result === 'changed' ? changesOf(work) : undefined);
  return { event: 'ended', ...holder, plan: planHash(work.plan), ...(changes !== undefined && { changes }), result };
}

/** The words of the audit; a bug has no id. */
function resultOf(problem: unknown, aborted: boolean): string {
  if (problem === undefined) return 'changed';
  if (aborted) return 'interrupted';
  const id = problem instanceof Problem ? problem.id : 'bug';
  return `${/(^|-)revert/.test(id) ? 'reverted' : 'failed'}: ${id}`;
}

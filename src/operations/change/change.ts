import { clusterPlanLines } from '../../cluster/api/plan.ts';
import type { Host } from '../../host/run/host.ts';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { readSwitch } from '../../vm/dead-man.ts';
import { carryOut } from './carry-out.ts';
import { see } from './checks.ts';
import type { Checks, Decision, Verified } from './decision.ts';
import { inspectDrain } from './drain.ts';
import { type Inspected, type Phase, phasesOf } from './phases.ts';
import { ChangeRecord, type ChangeReport } from './record.ts';
import type { Change } from './run.ts';
import { changesOf, underLock } from './under-lock.ts';

/**
 * Changes one VM as its only operator: lock, inspect, drain, arm, apply, settle, verify, confirm; after a failure roll
 * back. The decision says which of these happen; without a change there is no lock. An expected failure is in the
 * report. A bug is thrown after the VM was rolled back.
 */
export async function change<Result extends Verified>(about: Change<Result>): Promise<ChangeReport<Result>> {
  const record = new ChangeRecord(about.observe);
  const { host } = about;
  let status: 'unchanged' | 'changed' = 'unchanged';
  let problem: Problem | undefined;
  try {
    const first = await counted(about, about.decision);
    if (changesOf(first) > 0) status = 'changed';
    let checks: Checks<Result> | undefined;
    const { decision } = await underLock(host, lockingOf(about, record), first, async (due, signal) => {
      const held = { ...about, decision: due.decision, signal };
      // Drain and switch are inspected right before the first change.
      checks = await carryOut(held, await inspected(host, due.decision, signal), record);
    });
    await compare({ ...about, decision }, checks, record);
  } catch (error) {
    problem = expected(error, about.signal, record.done());
  }
  return record.report(status, problem);
}

/** The phases that the change would have now. Only reads. */
export async function plannedPhases<Result extends Verified>({
  host,
  decision,
  signal,
}: Pick<Change<Result>, 'host' | 'decision' | 'signal'>): Promise<readonly Phase[]> {
  return phasesOf(decision, await inspected(host, decision, signal));
}

/** The decision, and how many of its changes count for lock and audit. */
async function counted<Result extends Verified>(
  { host, signal }: Pick<Change<Result>, 'host' | 'signal'>,
  decision: Decision<Result>,
) {
  const { plan, cluster, guard } = decision;
  const also = cluster ? clusterPlanLines(cluster.plan) : [];
  const isEmpty = changesOf({ plan, also }) === 0;
  const left = isEmpty && guard?.evenIfEmpty ? (await readSwitch(host, signal)).armed : undefined;
  return { plan, also: left ? ['take over the armed dead-man switch'] : also, decision };
}

function lockingOf<Result extends Verified>(about: Change<Result>, record: ChangeRecord<Result>) {
  const { inspect } = about;
  const anew = async (signal: AbortSignal) => {
    record.add({ kind: 'inspected-again' });
    return await counted({ ...about, signal }, inspect ? await inspect(signal) : about.decision);
  };
  return {
    ...about,
    inspect: anew,
    note: (text: string) => record.add({ kind: 'note', text }),
    done: () => record.done().length,
  };
}

async function inspected<Result extends Verified>(
  host: Host,
  decision: Decision<Result>,
  signal: AbortSignal,
): Promise<Inspected> {
  const { plan, cluster, guard } = decision;
  const also = cluster ? clusterPlanLines(cluster.plan) : [];
  const asks = guard && (guard.evenIfEmpty || changesOf({ plan, also }) > 0);
  const [drain, found] = await Promise.all([
    inspectDrain(host, decision, signal),
    asks ? readSwitch(host, signal) : undefined,
  ]);
  return { drain, found };
}

/** After the lock was released, because a snapshot would include it. */
async function compare<Result extends Verified>(
  about: Change<Result>,
  checks: Checks<Result> | undefined,
  record: ChangeRecord<Result>,
): Promise<void> {
  const { compare: verify } = about.decision;
  const phase = phasesOf(about.decision, {}).find(({ kind }) => kind === 'compare');
  await see({ about, record }, phase, { verify, checks, stopsAtFirst: false });
}

/** Errors after Ctrl-C are caused by it. A Problem with issues already says what was done. */
export function expected(error: unknown, { aborted }: AbortSignal, done: readonly string[]): Problem {
  if (error instanceof Problem && !(aborted && error.issues.length === 0)) return error;
  if (aborted) return cliProblems.interrupted({ done }, error);
  throw error;
}

import { applyRegistration } from '../../cluster/registration/register.ts';
import { Early } from '../../reconcile/early.ts';
import { switchNotes } from '../../vm/dead-man.ts';
import { applyFirst, applyLast, optionsOf, unitsAtBoot } from './apply-steps.ts';
import { settleAndVerify } from './checks.ts';
import { DeadMan } from './dead-man.ts';
import type { Checks, Verified } from './decision.ts';
import { refuseDrain } from './drain.ts';
import { type Inspected, phasesOf } from './phases.ts';
import type { ChangeRecord } from './record.ts';
import { type Change, phaseOf, type Run } from './run.ts';
import { Rotation } from './rotation.ts';

/**
 * Carries out the phases of a change in order. After a failure it only rolls the VM back and returns it to rotation.
 * Returns what to compare after the lock is released. Throws the first failure.
 */
export async function carryOut<Result extends Verified>(
  about: Change<Result>,
  found: Inspected,
  record: ChangeRecord<Result>,
): Promise<Checks<Result> | undefined> {
  const { vm, again, decision, signal } = about;
  refuseDrain(vm, found.drain, again);
  const run: Run<Result> = { about, record, phases: phasesOf(decision, found), deadMan: deadManOf(about, record) };
  const rotation = new Rotation(run, found.drain);
  try {
    await takeOver(run, found);
    const comparison = await decision.compare?.before(signal);
    const checks = await changeBoth(run, rotation);
    if (decision.drain?.for === 'restart' && decision.drain.returns === 'before-verify') await rotation.enter();
    run.deadMan?.logIn();
    await settleAndVerify(run, checks);
    await record.during(phaseOf(run, 'confirm'), async () => run.deadMan?.confirm(unitsAtBoot(decision)));
    await rotation.enter();
    await applyLast(run);
    return comparison;
  } catch (error) {
    const end = run.deadMan ? await run.deadMan.rollBack(error, record.done()) : error;
    await rotation.afterFailure();
    throw end;
  }
}

function deadManOf<Result extends Verified>(
  { vm, host, who: by, again, now, signal, decision: { guard } }: Change<Result>,
  record: ChangeRecord<Result>,
): DeadMan | undefined {
  return guard && new DeadMan({ vm, host, guard, by, again, now, signal, tell: (event) => record.add(event) });
}

/** First of all, because the VM could roll back in the middle of this run. */
async function takeOver<Result extends Verified>(run: Run<Result>, { found }: Inspected): Promise<void> {
  const { about, record, deadMan } = run;
  for (const text of found ? switchNotes(about.vm, found) : []) record.add({ kind: 'note', text });
  await record.during(phaseOf(run, 'take-over'), async () => deadMan?.arm());
}

/** Clients first, then the cluster, then the VM. The snapshot and the upload for the VM run in parallel. */
async function changeBoth<Result extends Verified>(
  run: Run<Result>,
  rotation: Rotation<Result>,
): Promise<Checks<Result> | undefined> {
  const { host, decision, signal } = run.about;
  const options = optionsOf(run, 'before-checks');
  await using early = new Early(decision.plan, host, options);
  const checks = await decision.verify?.before(signal);
  await rotation.leave();
  await writeCluster(run);
  await rotation.stop();
  await applyFirst(run, { ...options, early });
  return checks;
}

async function writeCluster<Result extends Verified>(run: Run<Result>): Promise<void> {
  const { about, record } = run;
  const { cluster } = about.decision;
  const phase = phaseOf(run, 'cluster');
  if (!cluster || !phase) return;
  if (phase.changes.length === 0) return record.phase(phase, 'unchanged', {});
  await record.during(phase, async () => {
    for await (const write of applyRegistration(cluster.kube, cluster.plan, about.signal)) record.written(write);
  });
}

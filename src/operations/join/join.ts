import type { Result } from '../../checks/check.ts';
import { clusterPlanLines } from '../../cluster/api/plan.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { authorOf } from '../../who.ts';
import type { World } from '../../world.ts';
import { change, plannedPhases } from '../change/change.ts';
import { asPlanned, type ChangeEvent, type Observer, type PhaseReport } from '../change/event.ts';
import type { Change } from '../change/run.ts';
import { type Parts, reportOf, type VmReport } from '../vm-report.ts';
import { inspectJoin } from './inspect.ts';
import type { JoinPlan, JoinRun, JoinSubject } from './run.ts';

/** Joins one VM: inspect, plan, apply, verify. Never throws for a failure of this VM: the report has the Problem. */
export function join(run: JoinRun): Promise<VmReport> {
  return reportOf(run.vm, run.context.world.signal, parts(run));
}

async function* parts(run: JoinRun): Parts {
  const { world, options } = run.context;
  await using host = await run.login();
  const inspectedAt = performance.now();
  const inspect = (signal: AbortSignal): Promise<JoinPlan> => inspectJoin(run, host, signal);
  const plan = await inspect(world.signal);
  yield placeOf(plan.subject);
  const decided: Decided = { host, inspectedAt, plan, inspect };
  if (!options.dryRun) return yield* carriedOut(world, run, decided);
  yield* planned(world, run, decided);
  await run.planned?.(plan);
}

/** A change that was decided: the join of a VM, or a plan that was kept of one. */
export interface Decided extends Pick<Change, 'host' | 'inspectedAt'> {
  readonly plan: Pick<JoinPlan, 'decision' | 'unverified'>;
  readonly inspect: (signal: AbortSignal) => Promise<Pick<JoinPlan, 'decision'>>;
}

type Named = Pick<JoinRun, 'vm' | 'again' | 'command'> & { readonly observe: Observer<Result> };

/** Where the VM is in its mesh: only istiod's generation has groups. */
export function placeOf({ cluster, workload: { group, namespace }, vm }: JoinSubject) {
  return { ...(meshGeneration(cluster.generation).hasGroups && { group }), namespace, address: vm.address };
}

/** Shows what would be done. */
export async function* planned({ signal }: World, { observe }: Named, { host, plan: { decision } }: Decided): Parts {
  const phases = asPlanned(await plannedPhases({ host, decision, signal }));
  for (const phase of phases) observe({ kind: 'phase', phase });
  yield { status: 'planned', phases, cluster: decision.cluster ? clusterPlanLines(decision.cluster.plan) : [] };
}

/** Registers, applies, verifies, and only then does what waits for the checks, as one guarded change. */
export async function* carriedOut(world: World, run: Named, { host, inspectedAt, plan, inspect }: Decided): Parts {
  const { vm, again, command, observe } = run;
  const { signal, now, record } = world;
  const { decision, unverified = [] } = plan;
  yield { notes: unverified };
  const report = await change({
    ...{ vm, host, command, again, ...authorOf(world), signal, now, inspectedAt, decision },
    inspect: async (held) => (await inspect(held)).decision,
    observe: (event) => {
      observe(event);
      measure(event, vm, record);
    },
  });
  yield { ...report, notes: [...unverified, ...report.notes] };
}

/** Where the time went. */
function measure(event: ChangeEvent<Result>, where: string, record: World['record']): void {
  if (event.kind === 'waited') record?.({ kind: 'wait', name: event.name, where, ms: event.ms });
  if (event.kind === 'phase' && isStep(event.phase))
    record?.({ kind: 'step', name: event.phase.id, where, ms: event.phase.ms });
}

function isStep({ kind, changes }: PhaseReport): boolean {
  return changes.length > 0 && (kind === 'step' || kind === 'cluster');
}

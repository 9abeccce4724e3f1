import type { Result } from '../../checks/check.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { World } from '../../world.ts';
import type { ChangeEvent } from '../change/event.ts';
import { type Calling, planOrChange } from '../change/plan-or-change.ts';
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
  run.observe({ kind: 'doing', what: 'connect' });
  await using host = await run.login();
  run.observe({ kind: 'doing', what: 'inspect' });
  const inspectedAt = performance.now();
  const inspect = async (signal: AbortSignal): Promise<JoinPlan> => {
    const found = await inspectJoin(run, host, signal);
    run.approve?.(found);
    return found;
  };
  const plan = await inspect(world.signal);
  yield placeOf(plan.subject);
  yield await carryOut(world, { ...run, dryRun: options.dryRun }, { host, inspectedAt, plan, inspect });
  if (options.dryRun) await run.planned?.(plan);
}

/** A decided change: the join of a VM, or a kept plan. */
export interface Decided extends Pick<Change, 'host' | 'inspectedAt'> {
  readonly plan: Pick<JoinPlan, 'decision' | 'unverified'>;
  readonly inspect: (signal: AbortSignal) => Promise<Pick<JoinPlan, 'decision'>>;
}

/** The VM's place in its mesh. Only a current mesh has groups. */
export function placeOf({ cluster, workload: { group, namespace }, vm }: JoinSubject) {
  return { ...(meshGeneration(cluster.generation).hasGroups && { group }), namespace, address: vm.address };
}

/** Registers, applies, verifies, and then applies the steps that wait for the checks. A dry run reports the phases. */
export async function carryOut(world: World, calling: Calling<ChangeEvent<Result>>, decided: Decided) {
  const { decision, unverified = [] } = decided.plan;
  const observe = (event: ChangeEvent<Result>): void => {
    calling.observe(event);
    measure(event, calling.vm, world.record);
  };
  const inspect = async (held: AbortSignal) => (await decided.inspect(held)).decision;
  const report = await planOrChange(world, { ...calling, observe }, { ...decided, decision, inspect });
  return { ...report, notes: calling.dryRun ? [] : [...unverified, ...(report.notes ?? [])] };
}

/** Records the time of each phase. */
function measure(event: ChangeEvent<Result>, where: string, record: World['record']): void {
  if (event.kind === 'waited') record?.({ kind: 'wait', name: event.name, where, ms: event.ms });
  if (event.kind !== 'phase' || event.phase.status === 'planned' || event.phase.changes.length === 0) return;
  const { kind, id: name, ms } = event.phase;
  if (kind === 'step' || kind === 'cluster') record?.({ kind: 'step', name, where, ms });
}

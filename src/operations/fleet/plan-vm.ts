import { createHash } from 'node:crypto';
import { clusterPlanLines } from '../../cluster/api/plan.ts';
import type { PlannedVm } from '../../fleet/plan.ts';
import { planHash, summaries } from '../../reconcile/plan.ts';
import type { World } from '../../world.ts';
import { join } from '../join/join.ts';
import type { JoinPlan } from '../join/run.ts';
import { type Contexts, loginOf } from './contexts.ts';
import type { FleetTarget } from './options.ts';

/** The plan of a join as lines and a digest: what a fleet remembers of it, as 200 whole plans would fill the memory. */
export function digestOf({ decision }: Pick<JoinPlan, 'decision'>): Pick<PlannedVm, 'lines' | 'digest'> {
  const { plan, cluster } = decision;
  const lines = [...(cluster ? clusterPlanLines(cluster.plan) : []), ...summaries(plan)];
  const { create = [], change = [], prepare = [], relabel = [], remove = [] } = cluster?.plan ?? {};
  const writes = JSON.stringify([create, change, prepare, relabel, remove]);
  return {
    lines,
    digest: createHash('sha256')
      .update(`${planHash(plan)} ${writes}`)
      .digest('hex')
      .slice(0, 16),
  };
}

/** Plans one VM. Only reads. A failure of the VM is in its plan; a bug is thrown. */
export async function planVm(
  world: World,
  contexts: Contexts,
  target: FleetTarget,
  isMember: boolean,
): Promise<PlannedVm> {
  const { name: vm } = target.vm;
  const context = await contexts.of({ ...target.options, dryRun: true });
  let found: Pick<PlannedVm, 'lines' | 'digest'> = { lines: [], digest: '' };
  let extra: readonly string[] = [];
  const { problem } = await join({
    ...{ context, vm, verb: 'up', command: 'fleet plan', again: '', repeats: true, observe: () => undefined },
    login: loginOf(world, target),
    planned: (plan) => {
      found = digestOf(plan);
      extra = extraServices(plan, target);
    },
  });
  if (problem) return { vm, status: 'failed', ...found, problem };
  const status = !isMember ? 'new' : found.lines.length > 0 ? 'changes' : 'unchanged';
  return { vm, status, ...found, ...(extra.length > 0 && { extra }) };
}

/** Services of the VM's group, or those that the plan takes out of it, which no VM of the file has there. */
function extraServices({ subject: { workload } }: JoinPlan, { keeps }: FleetTarget): readonly string[] {
  if (workload.foreignGroup) return [];
  const names = [...workload.services.map(({ name }) => name), ...(workload.dropped ?? [])];
  return names.filter((name) => !keeps.names.includes(name));
}

import { clusterWrites } from '../../cluster/api/plan.ts';
import type { PlannedVm } from '../../fleet/plan.ts';
import { hashedChanges } from '../../reconcile/plan.ts';
import { sha256 } from '../../reconcile/sha256.ts';
import type { World } from '../../world.ts';
import { join } from '../join/join.ts';
import type { JoinPlan } from '../join/run.ts';
import { type Contexts, loginOf } from './contexts.ts';
import type { FleetTarget } from './options.ts';

/** One change of a join: its lines, and a digest of all that it does. */
interface DigestedChange {
  readonly lines: readonly string[];
  readonly digest: string;
}

/** The changes of a join: those of the cluster, then those of the machine. */
export function digestedChanges({ decision }: Pick<JoinPlan, 'decision'>): readonly DigestedChange[] {
  const { plan, cluster } = decision;
  const writes = cluster ? clusterWrites(cluster.plan) : [];
  return [
    ...writes.map(({ lines, content }) => ({ lines, digest: sha256(JSON.stringify([lines, content])).slice(0, 16) })),
    ...hashedChanges(plan).map(({ summary, hash }) => ({ lines: [summary], digest: hash.slice(0, 16) })),
  ];
}

type Found = Pick<PlannedVm, 'lines' | 'digests'>;

/** What a fleet remembers of a plan, as 200 whole plans would fill the memory. */
function foundOf(plan: JoinPlan): Found {
  const changes = digestedChanges(plan);
  return { lines: changes.flatMap(({ lines }) => lines), digests: changes.map(({ digest }) => digest) };
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
  let found: Found = { lines: [], digests: [] };
  let extra: readonly string[] = [];
  const { problem } = await join({
    ...{ context, vm, verb: 'up', command: 'fleet plan', again: '', repeats: true, observe: () => undefined },
    login: loginOf(world, target),
    planned: (plan) => {
      found = foundOf(plan);
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

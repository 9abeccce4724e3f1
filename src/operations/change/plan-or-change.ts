import { clusterPlanLines } from '../../cluster/api/plan.ts';
import type { Host } from '../../host/run/host.ts';
import { authorOf } from '../../who.ts';
import type { World } from '../../world.ts';
import { change, plannedPhases } from './change.ts';
import type { Verified } from './decision.ts';
import { asPlanned, type Observer, type PhaseReport } from './event.ts';
import type { Phase } from './phases.ts';
import type { ChangeReport } from './record.ts';
import type { Change } from './run.ts';

/** A requested change of one VM: its name, its command, and its observer. */
export interface Calling<Event> extends Pick<Change, 'vm' | 'command' | 'again'> {
  /** Opens a connection to the VM; only a new one shows that logins work. */
  readonly login: () => Promise<Host>;
  /** Only reports the phases. */
  readonly dryRun: boolean;
  readonly observe: (event: Event) => void;
}

/** The plan, or the result of carrying it out. */
export type Changed<Result extends Verified = Verified> = Pick<ChangeReport<Result>, 'phases' | 'cluster' | 'problem'> &
  Partial<Pick<ChangeReport<Result>, 'results' | 'notes' | 'done'>> & {
    readonly status: ChangeReport['status'] | 'planned';
  };

interface Found<Result extends Verified> extends Pick<Change<Result>, 'host' | 'inspectedAt' | 'decision'> {
  readonly inspect: NonNullable<Change<Result>['inspect']>;
}

/** Carries out a decision about a VM, or only reports its phases. */
export async function planOrChange<Result extends Verified>(
  world: World,
  { vm, command, again, dryRun, observe }: Calling<Parameters<Observer<Result>>[0]>,
  found: Found<Result>,
): Promise<Changed<Result>> {
  const { signal, now } = world;
  if (!dryRun) return await change({ ...found, vm, command, again, observe, ...authorOf(world), signal, now });
  const phases = tellPlanned(await plannedPhases({ ...found, signal }), observe);
  const { cluster } = found.decision;
  return { status: 'planned', phases, cluster: cluster ? clusterPlanLines(cluster.plan) : [] };
}

/** Tells phases that are not carried out, or not yet. */
export function tellPlanned(
  phases: readonly Phase[],
  observe: (event: { readonly kind: 'phase'; readonly phase: PhaseReport }) => void,
): readonly PhaseReport[] {
  const planned = asPlanned(phases);
  for (const phase of planned) observe({ kind: 'phase', phase });
  return planned;
}

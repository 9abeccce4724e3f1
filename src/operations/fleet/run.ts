import type { FleetPlan } from '../../fleet/plan.ts';
import type { World } from '../../world.ts';
import { openCluster } from '../connection/cluster.ts';
import type { FleetObserver } from './event.ts';
import type { FleetPlace } from './lock.ts';
import type { FleetOptions } from './options.ts';

/** A run over a fleet: its options, and the command that started it. */
export interface FleetRun {
  readonly options: FleetOptions;
  /** `fleet apply`, for lock, audit and record. */
  readonly command: string;
  /** The command that continues. */
  readonly again: string;
  /** The command that shows the plan. */
  readonly review: string;
  readonly observe: FleetObserver;
  /** The hash of the plan that was reviewed. */
  readonly reviewed?: string;
  /** Called with the plan before anything is changed; throws to refuse it. */
  readonly confirm?: (plan: FleetPlan) => Promise<void>;
}

/** Where the record of a fleet is. */
export async function placeOf(
  world: World,
  { options, again }: Pick<FleetRun, 'options' | 'again'>,
): Promise<FleetPlace> {
  const { fleet, cluster } = options;
  const { kube } = await openCluster(world, cluster, cluster.facts.istioNamespace);
  return { kube, fleet: fleet.name, istioNamespace: cluster.facts.istioNamespace, again };
}

import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { vmProblems } from '../../problems/vm.ts';
import { differences, keepRunning } from '../../vm/adopt/differences.ts';
import type { World } from '../../world.ts';
import { endsSidecar } from '../change/drain.ts';
import { openMachine } from '../connection/machine.ts';
import { openContext } from '../join/context.ts';
import { join } from '../join/join.ts';
import type { JoinOptions } from '../join/options.ts';
import type { JoinEvent, JoinPlan, JoinRun } from '../join/run.ts';
import type { VmReport } from '../vm-report.ts';
import { type Adopted, withAdopted } from './adopted.ts';
import { readHandMadeVm } from './read-vm.ts';

export type AdoptEvent =
  | JoinEvent
  /** Values of VM and cluster, and the equivalent join. */
  | { readonly kind: 'read'; readonly adopted: Adopted; readonly options: JoinOptions }
  /** Before anything is changed. `differences`: why the running sidecar must restart; [] when it keeps running. */
  | { readonly kind: 'to-adopt'; readonly running: boolean; readonly differences: readonly string[] };

/** A VM that was joined by hand, to be managed from now on. */
export interface Adoption extends Pick<JoinRun, 'vm' | 'again' | 'command'> {
  /** The unit that runs its sidecar. */
  readonly unit: string;
  /** The operator's options; the rest is read from VM and cluster. */
  readonly options: JoinOptions;
  readonly observe: (event: AdoptEvent) => void;
  /** Called with the number of changes before the first one; throws to refuse them. */
  readonly confirm: (changes: number) => Promise<void>;
}

/**
 * Adopts a VM as it is; its sidecar keeps running if possible. Throws Problems of reading VM and cluster,
 * `nothing-to-adopt`, `adopt-needs-restart`, and errors of `confirm`. Other failures are in the report.
 */
export async function adopt(world: World, adoption: Adoption): Promise<VmReport> {
  const { vm, unit, observe, confirm } = adoption;
  const { standing, adopted } = await readHandMadeVm(world, vm, { unit, options: adoption.options });
  const options = withAdopted(adoption.options, adopted);
  observe({ kind: 'read', adopted, options });
  const context = await openContext(world, options);
  if (!meshGeneration(context.facts.generation).hasGroups)
    throw vmProblems.nothingToAdopt({ vm, missing: ['a cluster with istiod'] });

  let differing: readonly string[] = [];
  const planned = ({ decision: { steps, plan } }: JoinPlan): void => {
    // A sidecar with the right settings stays, however it was started.
    differing = endsSidecar(plan) ? differences(standing, steps) : [];
  };
  const revise: NonNullable<JoinRun['revise']> = (steps) => keepRunning(standing, steps);
  const login = () => openMachine(world, options.machine, vm);
  const run = (dryRun: boolean): Promise<VmReport> =>
    join({
      ...adoption,
      ...{
        verb: 'adopt',
        repeats: false,
        login,
        revise,
        planned,
        context: { ...context, options: { ...options, dryRun } },
      },
    });

  const plan = await run(true);
  const changes = plan.phases.flatMap((phase) => phase.changes).length;
  if (changes > 0) observe({ kind: 'to-adopt', running: standing.running, differences: differing });
  if (options.dryRun || plan.status === 'failed') return plan;
  if (differing.length > 0 && !options.restart.allowed)
    throw vmProblems.adoptNeedsRestart({ vm, differences: differing });
  if (changes > 0) await confirm(changes);
  return await run(false);
}

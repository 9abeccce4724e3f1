import type { GenerationName } from '../../mesh/generation.ts';
import { detectGeneration } from '../../cluster/facts/detect-generation.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { UndoChoices } from '../../reconcile/undo/plan.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { Place } from '../membership/member.ts';

/** How VMs leave: everything that it depends on besides the VM and its cluster. */
export interface LeaveOptions {
  readonly cluster: ClusterOptions;
  /** How the VMs are reached: the addresses by which their entries are found. */
  readonly machine: MachineOptions;
  /** Where the VM is in its cluster, as the operator has it. */
  readonly place: Place;
  /** One side alone; both when absent. */
  readonly only?: 'vm' | 'cluster';
  /** Compare the machine with its snapshot from before its first change. */
  readonly verify: boolean;
  readonly drainTimeoutMs: number;
  readonly undo: Required<UndoChoices>;
  readonly dryRun: boolean;
}

/** What all VMs of one run share. */
export interface LeaveContext {
  readonly world: World;
  readonly options: LeaveOptions;
  /** Absent where only the machine is undone. */
  readonly cluster?: {
    readonly kube: Kubernetes;
    /** For a machine that does not say its own. */
    readonly namespace: string;
    /** For a machine that does not say it: asked once. Throws `istio-not-found`. */
    readonly generation: () => Promise<GenerationName>;
  };
}

/** Opens the cluster, unless only the machine is undone. */
export async function openLeaveContext(world: World, options: LeaveOptions): Promise<LeaveContext> {
  if (options.only === 'vm') return { world, options };
  const { kube, namespace, facts } = await openCluster(world, options.cluster, options.place.namespace);
  let asked: Promise<GenerationName> | undefined;
  const generation = () => (asked ??= detectGeneration(kube, facts));
  return { world, options, cluster: { kube, namespace, generation } };
}

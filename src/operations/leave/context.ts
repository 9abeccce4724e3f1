import type { GenerationName } from '../../mesh/generation.ts';
import { detectGeneration } from '../../cluster/facts/detect-generation.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { UndoChoices } from '../../reconcile/undo/plan.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { Place } from '../membership/member.ts';

/** Options of leaving. */
export interface LeaveOptions {
  readonly cluster: ClusterOptions;
  /** How to reach the VMs, whose addresses identify their entries. */
  readonly machine: MachineOptions;
  /** The VM's place in its cluster, as given by the operator. */
  readonly place: Place;
  /** Only one side; both when absent. */
  readonly only?: 'vm' | 'cluster';
  /** Compare the machine with its snapshot from before its first change. */
  readonly verify: boolean;
  readonly drainTimeoutMs: number;
  readonly undo: Required<Omit<UndoChoices, 'comparing'>>;
  readonly dryRun: boolean;
}

/** What all VMs of one run share. */
export interface LeaveContext {
  readonly world: World;
  readonly options: LeaveOptions;
  /** Absent when only the machine is undone. */
  readonly cluster?: {
    readonly kube: Kubernetes;
    /** For a machine without its own. */
    readonly namespace: string;
    /** For a machine without its own; detected once. Throws `istio-not-found`. */
    readonly generation: () => Promise<GenerationName>;
  };
}

/** Opens the cluster, unless only the machine is undone. */
export async function openLeaveContext(world: World, options: LeaveOptions): Promise<LeaveContext> {
  if (options.only === 'vm') return { world, options };
  const { kube, namespace, facts } = await openCluster(world, options.cluster, options.place.namespace, { ofVm: true });
  let asked: Promise<GenerationName> | undefined;
  const generation = () => (asked ??= detectGeneration(kube, facts));
  return { world, options, cluster: { kube, namespace, generation } };
}

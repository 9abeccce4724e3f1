import type { JudgedPart } from '../../checks/mesh/judge-picture.ts';
import type { FactsOptions } from '../../cluster/facts/facts-options.ts';
import type { MeshService } from '../../mesh/workload.ts';
import type { Caller } from '../../cluster/picture/picture.ts';
import type { ClusterOptions } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { VmLogins } from './vm-logins.ts';

/** What is checked, and how it is reached. */
export interface CheckOptions extends JudgedPart {
  readonly cluster: ClusterOptions;
  /** How named VMs are reached. Absent: only the cluster is asked. */
  readonly machine?: MachineOptions;
  /** The only namespace of VMs; all namespaces with VMs of meshx when absent. */
  readonly namespace?: string;
  /** The workload that calls the VMs' services. */
  readonly caller?: Caller;
  /** Names of accepted risks. */
  readonly accepted: readonly string[];
  /** Whether the VMs are to join yet: what a join would check first. */
  readonly before?: boolean;
  /** What the VMs that are to join will serve. */
  readonly services?: readonly MeshService[];
}

/** A check that is under way. */
export interface CheckRun extends CheckOptions {
  readonly facts: FactsOptions;
  readonly logins?: VmLogins;
}

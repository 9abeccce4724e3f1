import type { Workload } from '../../mesh/workload.ts';
import type { TypedTarget } from '../../mesh/mesh-target.ts';
import { RISKS } from '../../checks/risk.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import type { ClusterOptions } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { RestartOptions } from '../change/decision.ts';

/** What a VM is to the mesh, as far as it is given; the rest follows from the VM or the cluster. */
export interface WorkloadOptions {
  readonly group?: string;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly rest: Pick<Workload, 'labels' | 'services' | 'network' | 'locality' | 'weight' | 'probe'>;
  readonly captureDns: boolean;
}

/** How VMs are joined: everything that the join of one VM depends on besides the VM and its cluster. */
export interface JoinOptions {
  readonly cluster: ClusterOptions;
  readonly machine: MachineOptions;
  readonly workload: WorkloadOptions;
  readonly package?: { readonly from: string; readonly sha256?: string };
  /** The address of the VM in the mesh. */
  readonly vmAddress?: string;
  readonly excludePorts: readonly number[];
  /** A service of the mesh that the verification requests. */
  readonly meshService?: TypedTarget;
  /** Another VM of the mesh that is the client in the verification. */
  readonly probeClient?: string;
  /** Create namespace and service account when they are missing. */
  readonly create: boolean;
  readonly acceptRisk: readonly string[];
  /** The given options that the next join of the same VM repeats, as they are recorded on it. */
  readonly repeated: RecordedOptions;
  /** Options of the earlier join that are not repeated, by their names in its record. */
  readonly forget: readonly string[];
  /** Ids of steps; all when empty. */
  readonly only: readonly string[];
  /** Seconds that the VM waits for its confirmation. */
  readonly confirmWithin: number;
  readonly restart: RestartOptions;
  readonly dryRun: boolean;
}

/** Risks of a join that can be accepted: those of the preflight, and that of its mutual TLS. */
export const JOIN_RISKS: readonly string[] = [...RISKS, cliProblems.outsideClientHangs.id];

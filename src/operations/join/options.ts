import type { Workload } from '../../mesh/workload.ts';
import type { TypedTarget } from '../../mesh/mesh-target.ts';
import { RISKS } from '../../checks/risk.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { FleetMark, RecordedOptions } from '../../vm/membership-record.ts';
import type { ClusterOptions } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { FindOptions } from '../package/find-package.ts';
import type { RestartOptions } from '../change/decision.ts';

/** The given part of a workload. The rest comes from the VM or the cluster. */
export interface WorkloadOptions {
  readonly group?: string;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly rest: Pick<Workload, 'labels' | 'services' | 'network' | 'locality' | 'weight' | 'probe'>;
  readonly captureDns: boolean;
  /** All services that the group may have; others leave it. Absent: services are only added. */
  readonly only?: OnlyServices;
  /** Ports of its services that require mutual TLS, by a policy of meshx. */
  readonly strictPorts?: readonly number[];
  /** The probe of the first service as it was given: `mysql`, `http:/ready`. */
  readonly probeText?: string;
}

/** Services that are all that a group has. */
export interface OnlyServices {
  readonly names: readonly string[];
  /** Whether they are those of all VMs of the group; if not, it only loses services while the VM is alone in it. */
  readonly ofGroup: boolean;
  /** Services that VMs of any group keep: one that moves from group to group keeps its Service. */
  readonly inUse: readonly string[];
}

/** Options of a join. */
export interface JoinOptions {
  readonly cluster: ClusterOptions;
  readonly machine: MachineOptions;
  readonly workload: WorkloadOptions;
  readonly package?: { readonly from: string; readonly sha256?: string };
  /** How a package is found for VMs of a current mesh that have none, if none is given; absent: none is looked for. */
  readonly findPackage?: FindOptions;
  /** `wanted: false`: the VM has no agent, or it is stopped. `from`: the executable that becomes it; by default, meshx itself. */
  readonly agent: { readonly wanted: boolean; readonly from?: string; readonly metricsPort?: number };
  /** The address of the VM in the mesh. */
  readonly vmAddress?: string;
  readonly excludePorts: readonly number[];
  /** A service of the mesh that the verification requests. */
  readonly meshService?: TypedTarget;
  /** Another VM of the mesh that is the client in the verification. */
  readonly probeClient?: string;
  /** Creates the namespace and the service account if they are missing. */
  readonly create: boolean;
  readonly acceptRisk: readonly string[];
  /** The given options that are recorded on the VM, and repeated by its next join. */
  readonly repeated: RecordedOptions;
  /** Recorded options of the earlier join that are not repeated. */
  readonly forget: readonly string[];
  /** The fleet that joins the VM; absent: it stays in the fleet that it is in. */
  readonly fleet?: Pick<FleetMark, 'fleet' | 'vm'>;
  /** Ids of steps; all when empty. */
  readonly only: readonly string[];
  /** Seconds that the VM waits for its confirmation. */
  readonly confirmWithin: number;
  readonly restart: RestartOptions;
  readonly dryRun: boolean;
}

/** Risks of a join that can be accepted: those of the preflight, and that of its mutual TLS. */
export const JOIN_RISKS: readonly string[] = [...RISKS, cliProblems.outsideClientHangs.id];

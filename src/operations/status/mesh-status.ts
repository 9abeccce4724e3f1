import type { GenerationName } from '../../mesh/generation.ts';
import type { MachineReading } from './machine-status.ts';

/** All VMs of a mesh, as the cluster has them. Plain data: printed as JSON and YAML, and shown by the user interface. Times are ISO 8601. */
export interface MeshStatus {
  /** The context, or the folder of manifests. */
  readonly cluster: string;
  /** Absent where the control plane's namespace may not be read. */
  readonly generation?: GenerationName;
  /** When the cluster was read. */
  readonly at: string;
  /** Version of istiod, by the image of its Deployment. */
  readonly istiod?: string;
  /** By namespace, then by name. */
  readonly vms: readonly VmStatus[];
  /** What was not read, and why. */
  readonly notes: readonly string[];
}

/**
 * `ready`: clients get all its services. `degraded`: not all, or with a remark of the agent. `down`: none. `draining`: out of rotation on
 * request. `disconnected`: its sidecar has no connection to istiod. `absent`: a WorkloadGroup without an entry: the VM has never been
 * connected, or istiod removed its entry. `registered`: an entry without a sidecar or an agent that keeps it up to date, so its health is unknown.
 */
export type VmState = 'ready' | 'degraded' | 'down' | 'draining' | 'disconnected' | 'absent' | 'registered';

/** One VM: an entry, a WorkloadGroup without an entry, or an address in classic Endpoints. */
export interface VmStatus {
  /** Its WorkloadGroup; the name of a fixed entry; the address in a classic mesh. */
  readonly vm: string;
  readonly namespace: string;
  /** `automatic`: istiod makes its entry. `fixed`: an entry that was written. `endpoints`: an address of a classic mesh. */
  readonly kind: 'automatic' | 'fixed' | 'endpoints';
  /** Whether meshx registered it. */
  readonly meshx: boolean;
  readonly group?: string;
  /** Name of its WorkloadEntry. */
  readonly entry?: string;
  readonly address?: string;
  readonly network?: string;
  readonly serviceAccount?: string;
  readonly state: VmState;
  /** Since when, if the cluster knows it. */
  readonly since?: string;
  readonly services: readonly ServiceStatus[];
  /** Of its sidecar to istiod; absent if the entry says nothing about it. */
  readonly connection?: ConnectionStatus;
  /** The result of the readiness probe of its sidecar, if it has one. */
  readonly probe?: ProbeStatus;
  readonly agent?: AgentStatus;
  /** Where entry, WorkloadGroup and Services contradict each other. */
  readonly disagreements: readonly string[];
  /** What was read on the VM; if that was asked for. */
  readonly machine?: MachineReading;
}

/** The words of an agent; without one `ready`, `down` or `draining`. */
export type ServiceWord = 'starting' | 'ready' | 'degraded' | 'down' | 'draining' | 'drained';

export interface ServiceStatus {
  readonly name: string;
  readonly state: ServiceWord;
  /** Since when, and why, in the words of the agent. */
  readonly since?: string;
  readonly reason?: string;
  /** Whether the agent of the VM said it. */
  readonly said: boolean;
  /** Whether clients are given this VM: the Service selects it, and it has all ports. */
  readonly served: boolean;
  readonly ports: readonly PortStatus[];
}

export interface PortStatus {
  /** Port of the Service. */
  readonly name: string;
  /** Port of the VM. */
  readonly number: number;
  /** Whether the entry has it. */
  readonly present: boolean;
}

export interface ConnectionStatus {
  readonly connected: boolean;
  /** Pod of the istiod that has, or had, the connection. */
  readonly istiod?: string;
  /** When it began, or ended. */
  readonly since?: string;
}

export interface ProbeStatus {
  readonly healthy: boolean;
  readonly since?: string;
  readonly message?: string;
}

export interface AgentStatus {
  /** The generation that may write, as the join declared it. */
  readonly declared?: number;
  /** The generation that writes. */
  readonly generation?: number;
  /** When the agent that writes first reached the cluster. */
  readonly started?: string;
  /** When it last changed the entry. It writes only what changes. */
  readonly lastWord?: string;
}

import type { ServicePort } from './service-port.ts';

/** One service that runs on a VM: its name in the mesh and where it listens. */
export interface MeshService {
  readonly name: string;
  readonly ports: readonly ServicePort[];
}

/** The readiness probe of a WorkloadGroup, in the API's own shape (networking.istio.io/v1 ReadinessProbe). */
export type ReadinessProbe = Readonly<Record<string, unknown>>;

/**
 * A VM in the mesh: one WorkloadGroup, one service account, any number of services. All services share its namespace,
 * account and certificate.
 */
export interface Workload {
  /** Name of the WorkloadGroup. */
  readonly group: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Labels of the proxy and of its entry, without those of the services. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly services: readonly MeshService[];
  /** Names of services that this run takes out of the group. */
  readonly dropped?: readonly string[];
  /** Those of them that no other group gets: their Services go, too. */
  readonly ended?: readonly string[];
  /** Other ports of its entry, by name. */
  readonly ports?: Readonly<Record<string, number>>;
  /** The group belongs to another owner, and meshx adds no labels. */
  readonly foreignGroup?: true;
  readonly network?: string;
  readonly locality?: string;
  readonly weight?: number;
  readonly probe?: ReadinessProbe;
  /** Generation of the agents of the group's VMs; absent without agents. */
  readonly agent?: number;
}

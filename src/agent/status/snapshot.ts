import type { ServicePort } from '../../mesh/service-port.ts';
import type { Observation, ServiceState } from '../health/health.ts';
import type { Authority } from '../identity/authority.ts';
import type { MeshPlace } from '../settings.ts';

/** Version of the document. A field may be added to it; none changes its meaning. */
export const SNAPSHOT_VERSION = 1;

/** Times are ISO 8601 in UTC: the document is the same here and after a way through JSON. */
export interface AgentSnapshot {
  readonly version: typeof SNAPSHOT_VERSION;
  readonly agent: AgentIdentity;
  readonly mesh: MeshPlace;
  readonly reporter: ReporterSnapshot;
  /** False until every service was judged once since the start, or since a pause. */
  readonly judged: boolean;
  /** By name. */
  readonly services: readonly ServiceSnapshot[];
  /** Files that cannot be used, with the reasons. */
  readonly invalidFiles: readonly InvalidFile[];
  /** The sidecar itself. Absent before the start. */
  readonly sidecar?: SidecarSnapshot;
  /** How the machine differs from the join, and what was done. */
  readonly deviations: readonly string[];
  /** Absent before it was judged for the first time. */
  readonly identity?: IdentitySnapshot;
}

export interface SidecarSnapshot {
  readonly state: ServiceState;
  readonly since: string;
  readonly reason: string;
}

export interface IdentitySnapshot {
  readonly state: 'valid' | 'cliff' | 'lost';
  readonly reason: string;
  /** Until when the VM may be switched off and still rejoin by itself. */
  readonly until?: string;
  /** End of the sidecar's certificate. */
  readonly certificateUntil?: string;
  /** Who gives the sidecar its certificates: src/agent/identity/authority.ts. Absent from an older agent. */
  readonly authority?: Authority;
  /** What is wrong with the mesh's roots, or the connection to istiod. */
  readonly trust?: string;
}

interface AgentIdentity {
  readonly version: string;
  readonly node: string;
  readonly started: string;
  /** Seconds, without the time in which the machine was suspended. */
  readonly uptime: number;
  readonly generation: number;
  readonly observe: boolean;
}

export interface ReporterSnapshot {
  readonly mode: 'api' | 'health-channel' | 'fenced';
  readonly since: string;
  readonly lastWrite?: string;
  readonly reason?: string;
  readonly tokenExpires?: string;
  readonly server?: string;
  /** Why nothing shows what istiod makes of the reports through the sidecar. */
  readonly unwatched?: string;
}

export interface ServiceSnapshot {
  readonly name: string;
  readonly state: ServiceState;
  readonly since: string;
  readonly reason: string;
  readonly inRotation: boolean;
  readonly ports: readonly ServicePort[];
  readonly probe: { readonly kind: string; readonly intervalSeconds: number };
  readonly lastProbe?: LastProbe;
}

export interface LastProbe {
  readonly ended: string;
  readonly outcome: Observation['outcome'];
  readonly reason: string;
  readonly seconds: number;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface InvalidFile {
  readonly file: string;
  readonly issues: readonly string[];
  /** Whether an earlier content of the file is still in effect. */
  readonly lastGoodInEffect: boolean;
}

import type { ServiceHealth } from '../health/health.ts';
import type { Log } from '../log.ts';
import type { AgentSettings } from '../settings.ts';
import type { ApiClientOptions } from './api-client.ts';
import type { TokenFile } from './credential.ts';
import type { ReportedService } from './entry-patch.ts';
import type { EventText } from './events.ts';
import type { MachineIdentity } from './fence.ts';
import type { ReporterStatus } from './reporter-status.ts';

/** Keeps the VM's entry at the health of its services. */
export interface Reporter {
  /** Brings the entry to this state; idempotent, paced, retried with backoff; never throws. */
  report(services: readonly ServiceHealth[]): void;
  readonly status: ReporterStatus;
  /** Whether the entry says what was reported last; undefined without a way to the API server. */
  readonly isCurrent: boolean | undefined;
  /** Makes an Event on the entry, after an outage of the API server if there is one; a later text replaces an unsent one. Never throws. */
  say(text: EventText): void;
  /** Compares the entry with this machine at once: the machine has changed. */
  recheck(): void;
  /** A new token for istiod. Undefined when there is none to be had; never throws. */
  istioToken(signal: AbortSignal): Promise<string | undefined>;
  /** The mesh's roots in the cluster. Undefined when they cannot be read; never throws. */
  meshRoots(signal: AbortSignal): Promise<string | undefined>;
  /** Ends all requests and timers. What was not written yet is not written. */
  close(): Promise<void>;
}

export interface ReporterInput {
  readonly settings: AgentSettings;
  /** The services as they are defined now. */
  readonly definitions: () => readonly ReportedService[];
  readonly token: TokenFile;
  readonly now: () => Date;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Makes the sidecar connect again: istiod creates a deleted entry only then (istio#45329). */
  readonly reconnect?: () => void;
  /** Whether the agent's health endpoint answers 200. */
  readonly isHealthy?: () => boolean;
  /** For tests: the machine, numbers from 0 to 1, and the limits of the client. */
  readonly identity?: () => MachineIdentity;
  readonly random?: () => number;
  readonly limits?: Pick<ApiClientOptions, 'timeoutMs' | 'idleMs'>;
  /** For tests: how long istiod may differ from `isHealthy`. Milliseconds. */
  readonly staleAfterMs?: number;
}

import type { ProbeMethod } from './method.ts';

/** The answer of one probe. `reason` is one short line of visible ASCII; `details` are small facts such as a version. */
export interface ProbeResult {
  /** `degraded` counts as ready and is shown: a read-only server, a replica that lags. */
  readonly outcome: 'ok' | 'degraded' | 'failed';
  readonly reason: string;
  readonly details?: ProbeDetails;
}

export type ProbeDetails = Readonly<Record<string, string | number | boolean>>;

export interface Probe {
  /** Asks the server once. Never throws and ends within the target's time limit, or at once when `signal` aborts. */
  run(signal: AbortSignal): Promise<ProbeResult>;
  /** Ends a run that is under way. A closed probe answers `failed`. */
  close(): void;
}

export interface ProbeTarget {
  /** An IP address of this machine. */
  readonly address: string;
  readonly method: ProbeMethod;
  /** Milliseconds for the whole probe: connection, handshake, answer. */
  readonly timeoutMs: number;
  /** Returns the secret of this name; it never appears in a reason. */
  readonly credential?: (name: string) => Promise<string>;
}

export function ok(reason: string, details?: ProbeDetails): ProbeResult {
  return { outcome: 'ok', reason, ...(details ? { details } : {}) };
}

export function failed(reason: string, details?: ProbeDetails): ProbeResult {
  return { outcome: 'failed', reason, ...(details ? { details } : {}) };
}

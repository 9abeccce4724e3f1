import type { ServiceHealth } from '../health/health.ts';
import type { ReporterStatus } from './reporter-status.ts';

/** What the loop reports to. */
export interface ReportTarget {
  report(services: readonly ServiceHealth[]): void;
  readonly status: ReporterStatus;
  close(): Promise<void>;
}

/**
 * Reports nothing itself: the sidecar asks the agent's health endpoint, and istiod marks the VM's entry by its answer. All services of
 * the VM share that one answer.
 */
export function createHealthChannel(now: () => Date, reason: string): ReportTarget {
  const status = { mode: 'health-channel', since: now(), reason } as const;
  return { report: () => undefined, status, close: () => Promise.resolve() };
}

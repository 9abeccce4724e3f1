import type { ServiceState } from '../health/health.ts';
import type { ProbeRun } from '../health/schedule.ts';

/** Upper bounds of the buckets of probe durations, in seconds. A probe has a limit, so few are enough. */
export const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5] as const;

/** What happened to one service since the agent started. */
export interface ServiceCounts {
  readonly probes: Readonly<Record<'ok' | 'degraded' | 'failed', number>>;
  /** Probes that took at most as long as the bucket of the same index; the last number counts all. */
  readonly durations: readonly number[];
  /** Seconds of all probes together. */
  readonly seconds: number;
  /** Changes to each state. */
  readonly changes: Readonly<Partial<Record<ServiceState, number>>>;
}

export const NO_COUNTS: ServiceCounts = {
  probes: { ok: 0, degraded: 0, failed: 0 },
  durations: [...BUCKETS, Infinity].map(() => 0),
  seconds: 0,
  changes: {},
};

/** The counts with one more probe. */
export function countProbe(counts: ServiceCounts, { result, started, ended }: ProbeRun): ServiceCounts {
  const seconds = (ended.ms - started.ms) / 1000;
  const { outcome } = result;
  return {
    ...counts,
    probes: { ...counts.probes, [outcome]: counts.probes[outcome] + 1 },
    durations: counts.durations.map((count, index) => (seconds <= (BUCKETS[index] ?? Infinity) ? count + 1 : count)),
    seconds: counts.seconds + seconds,
  };
}

/** The counts with one more change of state. */
export function countChange(counts: ServiceCounts, to: ServiceState): ServiceCounts {
  return { ...counts, changes: { ...counts.changes, [to]: (counts.changes[to] ?? 0) + 1 } };
}

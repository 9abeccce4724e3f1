import type { Clock } from '../clock.ts';
import { type HealthRecord, observe, reported, type ServiceHealth, startHealth } from '../health/health.ts';
import { type ProbeSchedule, scheduleProbe } from '../health/schedule.ts';
import type { Log } from '../log.ts';
import type { Probe } from '../probes/probe.ts';
import { createSidecarProbe } from '../probes/sidecar.ts';

const INTERVAL_MS = 5000;
const LIMIT_MS = 2000;
/** A sidecar that restarts misses one or two. */
const POLICY = { rise: 1, fall: 3 } as const;

interface SidecarWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Called each time the sidecar stops being ready, and when it is ready again. */
  readonly onTurn: () => void;
  /** For tests. */
  readonly probe?: Probe;
  readonly intervalMs?: number;
}

/** Probes the sidecar itself, so a dead sidecar is not taken for a dead service. */
export class SidecarWatch {
  readonly #options: SidecarWatchOptions;
  readonly #probe: Probe;
  readonly #schedule: ProbeSchedule;
  #record: HealthRecord;

  constructor(options: SidecarWatchOptions) {
    const { clock, probe = createSidecarProbe(LIMIT_MS), intervalMs = INTERVAL_MS } = options;
    this.#options = options;
    this.#probe = probe;
    this.#record = startHealth('sidecar', clock());
    this.#schedule = scheduleProbe({
      ...{ probe, clock, limitMs: LIMIT_MS, intervalMs: () => intervalMs, delayMs: 0 },
      onRun: ({ result, ended }) => this.#become(observe(this.#record, POLICY, result, ended)),
    });
  }

  get health(): ServiceHealth {
    return reported(this.#record);
  }

  close(): void {
    this.#schedule.close();
    this.#probe.close();
  }

  #become(record: HealthRecord): void {
    const { state: before } = this.#record;
    this.#record = record;
    const { state, reason } = record;
    if (state === before) return;
    const { log, onTurn } = this.#options;
    log('sidecar-state', { from: before, to: state, reason }, state === 'down' ? 'warning' : 'notice');
    if (state === 'down' || before === 'down') onTurn();
  }
}

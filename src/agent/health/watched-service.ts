import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { ProbeResult, ProbeTarget } from '../probes/probe.ts';
import type { ServiceDefinition } from '../services/service-file.ts';
import { countChange, countProbe, NO_COUNTS, type ServiceCounts } from '../status/counters.ts';
import { drain, finishDrain, type HealthRecord, isInRotation, observe, startHealth, undrain } from './health.ts';
import { type ProbeRun, type ProbeSchedule, scheduleProbe } from './schedule.ts';
import { probeOf, type ServiceProbe } from './service-probe.ts';

/** What a watched service uses, and whom it tells. */
export interface Surroundings {
  readonly clock: Clock;
  /** The VM's own address. */
  readonly own: string;
  readonly credential?: ProbeTarget['credential'];
  /** A random number from 0 to 1 that delays the first probe, to spread the load. */
  readonly jitter: () => number;
  /** Waits until the service is drained, at most for its limit. Returns how it ended, in one line. */
  readonly awaitDrained: (service: ServiceDefinition, signal: AbortSignal) => Promise<string>;
  /** After every probe, and after every change that was asked for. `before` is the record until then. */
  readonly onRecord: (service: WatchedService, before: HealthRecord) => void;
}

/** Milliseconds to the first probe, and between probes of a service that is not judged yet, at most: a start must not take hours. */
const UNJUDGED = 1000;
/** The same as long as none failed: until then the sidecar's probe fails. */
const RISING = 200;

/** A failure in rotation is confirmed this many times faster: at 1 s and three failures a dead service leaves in 1.7 s, not 3.2 s. */
const CONFIRMED = 4;

/** One service with its probe, its schedule and its health. Only this class changes the record. */
export class WatchedService {
  readonly #around: Surroundings;
  #definition: ServiceDefinition;
  #record: HealthRecord;
  #counts: ServiceCounts = NO_COUNTS;
  #lastRun: ProbeRun<ProbeResult> | undefined;
  #probe: ServiceProbe | undefined;
  #schedule: ProbeSchedule | undefined;
  #draining: AbortController | undefined;
  #isLeaving = false;

  constructor(definition: ServiceDefinition, around: Surroundings) {
    this.#around = around;
    this.#definition = definition;
    this.#record = startHealth(definition.name, around.clock());
    this.#start();
  }

  get definition(): ServiceDefinition {
    return this.#definition;
  }

  get health(): HealthRecord {
    return this.#record;
  }

  get counts(): ServiceCounts {
    return this.#counts;
  }

  get lastRun(): ProbeRun<ProbeResult> | undefined {
    return this.#lastRun;
  }

  /** Its file is gone: it drains, and then it is forgotten. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Takes a changed definition over. The state stays; only another probe or interval starts probing anew. */
  update(definition: ServiceDefinition): void {
    const isSame = isDeepStrictEqual(definition.probe, this.#definition.probe);
    const returns = this.#isLeaving;
    this.#definition = definition;
    this.#isLeaving = false;
    if (!isSame || returns) this.#start();
    if (returns) this.undrain();
  }

  /** Probes at once: what was observed before no longer counts. */
  again(): void {
    this.#schedule?.again();
  }

  /** Takes the service out of rotation. It is drained when its clients and connections are gone, or its limit is over. */
  drain(reason: string): void {
    this.#become(drain(this.#record, reason, this.#around.clock()));
    if (this.#record.state === 'draining' && !this.#draining) void this.#awaitDrained(new AbortController());
  }

  undrain(): void {
    this.#draining?.abort();
    this.#draining = undefined;
    this.#become(undrain(this.#record, this.#around.clock()));
    this.again();
  }

  /** Drains a service whose file is gone, and probes it no more. */
  leave(reason: string): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#stop();
    this.drain(reason);
  }

  close(): void {
    this.#draining?.abort();
    this.#stop();
  }

  async #awaitDrained(own: AbortController): Promise<void> {
    this.#draining = own;
    const { reason } = this.#record;
    const { clock, awaitDrained } = this.#around;
    const end = await awaitDrained(this.#definition, own.signal).catch((error: unknown) => String(error));
    // Ended, or begun anew.
    if (own !== this.#draining || own.signal.aborted) return;
    this.#draining = undefined;
    this.#become(finishDrain(this.#record, `${reason}; ${end}`, clock()));
  }

  #start(): void {
    this.#stop();
    const { probe: definition } = this.#definition;
    const { clock, jitter } = this.#around;
    const probe = probeOf(definition, this.#around);
    this.#probe = probe;
    this.#schedule = scheduleProbe<ProbeResult>({
      ...{ probe, clock, limitMs: probe.limitMs },
      intervalMs: () => this.#interval(),
      delayMs: jitter() * Math.min(this.#interval(), UNJUDGED),
      onRun: (run) => this.#observed(run),
    });
  }

  #interval(): number {
    const { intervalMs } = this.#definition.probe;
    const { state, failures } = this.#record;
    if (state === 'starting') return Math.min(intervalMs, failures === 0 ? RISING : UNJUDGED);
    return isInRotation(this.#record) && this.#record.failures > 0 ? intervalMs / CONFIRMED : intervalMs;
  }

  #stop(): void {
    this.#schedule?.close();
    this.#probe?.close();
  }

  #observed(run: ProbeRun<ProbeResult>): void {
    this.#lastRun = run;
    this.#counts = countProbe(this.#counts, run);
    this.#become(observe(this.#record, this.#definition.probe, run.result, run.ended));
  }

  #become(record: HealthRecord): void {
    const before = this.#record;
    this.#record = record;
    if (record.state !== before.state) this.#counts = countChange(this.#counts, record.state);
    this.#around.onRecord(this, before);
  }
}

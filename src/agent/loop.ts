import { type Clock, isPause, nextStart } from './clock.ts';
import { type HealthRecord, isInRotation, type Moment, reported, type ServiceHealth } from './health/health.ts';
import { type Surroundings, WatchedService } from './health/watched-service.ts';
import type { Log } from './log.ts';
import type { Reporter } from './report/reporter-input.ts';
import type { ServicesFound } from './services/services-folder.ts';
import { planServices, type ServiceChange, wantedServices } from './services/wanted.ts';
import type { ServiceDefinition } from './services/service-file.ts';
import type { InvalidFile } from './status/snapshot.ts';

/** Milliseconds. `fullPass`: everything is read and reported again. `tick`: the loop's sign of life. `judge`: how long an unclear
 * service may hold up the first report. `stuck`: a pass that takes longer is a failure of the loop. */
const TIMES = { fullPass: 60_000, tick: 1000, judge: 60_000, stuck: 60_000 } as const;

export interface LoopParts {
  readonly readServices: () => Promise<ServicesFound>;
  readonly reporter: Pick<Reporter, 'report'>;
  readonly around: Omit<Surroundings, 'onRecord'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The agent's loop. Facts: the folder of services, and what the probes observe. Plan: which services to add, change or drain. Apply:
 * start and stop probes. Report: hand all services to the reporter.
 *
 * What must stay true: passes never overlap; and nothing is reported while a service has not been judged since the start or since the
 * last pause of the machine, because a state from before it may be wrong.
 */
export class Loop {
  readonly #parts: LoopParts;
  readonly #services = new Map<string, WatchedService>();
  #invalid: readonly InvalidFile[] = [];
  #judgeFrom: Moment;
  #isJudged = false;
  #hasRead = false;
  #passing: Moment | undefined;
  #isAskedAgain = false;
  #lastTick: Moment;
  #nextTick: NodeJS.Timeout | undefined;
  #fullPass: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#judgeFrom = this.#lastTick = parts.clock();
  }

  /** By name. */
  get services(): readonly WatchedService[] {
    return [...this.#services.values()].sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
  }

  get definitions(): readonly ServiceDefinition[] {
    return this.services.map(({ definition }) => definition);
  }

  get health(): readonly ServiceHealth[] {
    return this.services.map(({ health }) => reported(health));
  }

  get invalid(): readonly InvalidFile[] {
    return this.#invalid;
  }

  /** Whether every service was judged since the start, or since the last pause. */
  get isJudged(): boolean {
    return this.#isJudged;
  }

  /** False when a pass hangs: the loop then claims no life. */
  get isAlive(): boolean {
    return this.#passing === undefined || this.#parts.clock().ms - this.#passing.ms < TIMES.stuck;
  }

  /** Reads the services for the first time, and goes on until closed. */
  async start(): Promise<void> {
    this.#awaitTick();
    this.#fullPass = setInterval(() => void this.pass(), TIMES.fullPass);
    await this.pass();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#nextTick);
    clearInterval(this.#fullPass);
    this.#services.forEach((service) => service.close());
  }

  /** One pass. A call during a pass makes it run once more, because what it read may be old. */
  async pass(): Promise<void> {
    if (this.#passing) {
      this.#isAskedAgain = true;
      return;
    }
    this.#passing = this.#parts.clock();
    do {
      this.#isAskedAgain = false;
      await this.#onePass();
    } while (this.#isAskedAgain && !this.#isClosed);
    this.#passing = undefined;
  }

  /** Takes a service out of rotation; false when there is none of this name. */
  drain(name: string, reason: string): boolean {
    const service = this.#services.get(name);
    service?.drain(reason);
    return service !== undefined;
  }

  undrain(name: string): boolean {
    const service = this.#services.get(name);
    if (!service?.isLeaving) service?.undrain();
    return service !== undefined;
  }

  async #onePass(): Promise<void> {
    const found = await this.#parts.readServices();
    if (this.#isClosed) return;
    const staying = this.services.filter(({ isLeaving }) => !isLeaving).map(({ definition }) => definition);
    const { services, invalid } = wantedServices(staying, found);
    this.#noteInvalid(invalid);
    for (const change of planServices(staying, services)) this.#apply(change);
    this.#forget();
    this.#hasRead = true;
    this.#judge();
    this.#report();
  }

  #apply({ kind, definition }: ServiceChange): void {
    const { name } = definition;
    const service = this.#services.get(name);
    this.#parts.log(`service-${kind}`, { service: name });
    if (kind === 'remove') service?.leave('its file was removed');
    else if (service) service.update(definition);
    else this.#services.set(name, new WatchedService(definition, this.#surroundings()));
  }

  #surroundings(): Surroundings {
    return { ...this.#parts.around, onRecord: (service, before) => this.#recorded(service, before) };
  }

  /** Services whose files are gone and whose drain was reported by an earlier pass. */
  #forget(): void {
    for (const [name, service] of this.#services) {
      if (!service.isLeaving || service.health.state !== 'drained') continue;
      service.close();
      this.#services.delete(name);
      this.#parts.log('service-gone', { service: name });
    }
  }

  #recorded({ definition: { name }, health }: WatchedService, before: HealthRecord): void {
    const { state, reason } = health;
    if (state !== before.state) {
      const level = isInRotation(health) ? 'notice' : 'warning';
      this.#parts.log('service-state', { service: name, from: before.state, to: state, reason }, level);
    }
    const isFirst = !this.#isJudged;
    this.#judge();
    if (state === before.state && reason === before.reason && !(isFirst && this.#isJudged)) return;
    this.#report();
  }

  #judge(): void {
    if (this.#isJudged || !this.#hasRead) return;
    const from = this.#judgeFrom.ms;
    const isJudged = ({ health, lastRun, isLeaving }: WatchedService): boolean =>
      isLeaving || (health.state !== 'starting' && lastRun !== undefined && lastRun.started.ms >= from);
    const isLate = this.#parts.clock().ms - from > TIMES.judge;
    if (!isLate && !this.services.every(isJudged)) return;
    this.#isJudged = true;
    this.#parts.log('judged', { services: this.#services.size, late: isLate ? true : undefined });
  }

  #report(): void {
    if (this.#isJudged && !this.#isClosed) this.#parts.reporter.report(this.health);
  }

  /** After a suspend, a stop or a jump of the clock every service is probed before anything is reported. */
  #tick(): void {
    const now = this.#parts.clock();
    const paused = isPause(this.#lastTick, now, TIMES.tick);
    this.#lastTick = now;
    this.#awaitTick();
    if (paused) {
      this.#parts.log('pause-noticed', {}, 'notice');
      this.#judgeFrom = now;
      this.#isJudged = false;
      this.#services.forEach((service) => service.again());
      void this.pass();
    } else if (!this.#isJudged) {
      this.#judge();
      if (this.#isJudged) this.#report();
    }
  }

  #awaitTick(): void {
    const { ms } = this.#lastTick;
    this.#nextTick = setTimeout(() => this.#tick(), Math.max(0, nextStart(ms, TIMES.tick) - ms));
  }

  #noteInvalid(invalid: readonly InvalidFile[]): void {
    const known = new Set(this.#invalid.flatMap(({ file, issues }) => issues.map((issue) => `${file} ${issue}`)));
    for (const { file, issues, lastGoodInEffect } of invalid) {
      const [issue = ''] = issues.filter((each) => !known.has(`${file} ${each}`));
      if (issue !== '') this.#parts.log('file-invalid', { file, issue, lastGoodInEffect }, 'error');
    }
    this.#invalid = invalid;
  }
}

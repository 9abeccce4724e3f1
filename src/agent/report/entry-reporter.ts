import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../../cluster/api/foreign-error.ts';
import { present } from '../../present.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { ServiceHealth } from '../health/health.ts';
import { Alarm } from './alarm.ts';
import { type ApiClient, NoAnswer } from './api-client.ts';
import { Background } from './background.ts';
import type { EntryApi } from './entry-api.ts';
import { EntryWatch } from './entry-watch.ts';
import { EventSender } from './event-sender.ts';
import type { EventText } from './events.ts';
import type { Holder } from './fence.ts';
import { readMeshRoots, requestIstioToken } from './istio-token.ts';
import { Pace, type Pause } from './pace.ts';
import type { Reporter, ReporterInput } from './reporter-input.ts';
import type { ReporterStatus } from './reporter-status.ts';
import { isSame } from './same-health.ts';
import { StaleHealth, unhealthyReason } from './stale-health.ts';
import { syncEntry, type SyncOutcome } from './sync.ts';
import { TokenRenewal } from './token-renewal.ts';

export interface EntryReporterInput extends Required<Omit<ReporterInput, 'limits'>> {
  readonly client: ApiClient;
  readonly api: EntryApi;
}

/** Milliseconds. */
const MINOR_EVERY = 60_000;
const MODE_AFTER = 10_000;
/** An entry that istiod keeps out of rotation is read this often. */
const UNHEALTHY_EVERY = 5000;

/** Reports through the API server: one attempt after the other, each woken by a change on either side or by the clock. */
export class EntryReporter implements Reporter {
  readonly #input: EntryReporterInput;
  readonly #alarm = new Alarm();
  readonly #background = new Background();
  readonly #end = new AbortController();
  readonly #events: EventSender;
  readonly #renewal: TokenRenewal;
  readonly #pace: Pace;
  readonly #watch: EntryWatch;
  readonly #staleHealth: StaleHealth;
  readonly #running: Promise<void>;
  #wanted: readonly ServiceHealth[] | undefined;
  #state: Pick<ReporterStatus, 'mode' | 'since' | 'reason' | 'isRefused'>;
  #lastWrite: Date | undefined;
  #lastMinor = Number.NEGATIVE_INFINITY;
  /** Since when the entry may not say what it should; undefined while it does. */
  #behindSince: number | undefined = Number.NEGATIVE_INFINITY;
  #started: string | undefined;
  #isOut = false;

  constructor(input: EntryReporterInput) {
    this.#input = input;
    this.#pace = new Pace(input.random);
    this.#staleHealth = new StaleHealth(input.staleAfterMs);
    const onChange = (): void => this.#alarm.ring();
    this.#watch = new EntryWatch({ api: input.api, random: input.random, signal: this.#end.signal, onChange });
    this.#renewal = new TokenRenewal(input);
    const send = (event: object): Promise<unknown> => input.api.createEvent(event, this.#end.signal);
    const isHeard = (): boolean => !input.settings.observe && this.#state.mode !== 'fenced';
    const inBackground = (work: () => Promise<void>): void => this.#inBackground('event-failed', work);
    this.#events = new EventSender({ send, isHeard, inBackground, now: input.now });
    this.#state = { mode: 'health-channel', since: input.now(), reason: 'the API server has not been reached yet' };
    const stop = (): void => this.#stop();
    input.signal.addEventListener('abort', stop, { once: true });
    if (input.signal.aborted) stop();
    this.#running = this.#run().finally(() => input.signal.removeEventListener('abort', stop));
  }

  get status(): ReporterStatus {
    const { server } = this.#input.api;
    return { ...this.#state, ...present({ lastWrite: this.#lastWrite, tokenExpires: this.#renewal.expires, server }) };
  }

  get isCurrent(): boolean {
    return this.#behindSince === undefined;
  }

  report(services: readonly ServiceHealth[]): void {
    if (isSame(this.#wanted, services)) return;
    this.#wanted = [...services];
    this.#behindSince ??= performance.now();
    this.#alarm.ring();
  }

  say(text: EventText): void {
    this.#events.say(text);
  }

  recheck(): void {
    this.#alarm.ring();
  }

  async istioToken(signal: AbortSignal): Promise<string | undefined> {
    const { api, log } = this.#input;
    return this.#state.mode === 'fenced' ? undefined : await requestIstioToken(api, log, signal);
  }

  async meshRoots(signal: AbortSignal): Promise<string | undefined> {
    return await readMeshRoots(this.#input.api, this.#input.log, signal);
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#running;
    await this.#background.settled();
    this.#input.client.close();
  }

  #stop(): void {
    this.#end.abort();
    this.#alarm.ring();
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const { firm, soft } = await this.#turn().catch((error: unknown) => this.#survive(error));
      await delay(firm, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#alarm.sleep(soft);
    }
  }

  /** A bug must not end the reports. */
  #survive(error: unknown): Pause {
    this.#input.log('reporter-failed', { reason: errorText(error) }, 'error');
    return { firm: MODE_AFTER, soft: 0 };
  }

  async #turn(): Promise<Pause> {
    const outcome = await this.#attempt();
    if (this.#end.signal.aborted) return { firm: 0, soft: 0 };
    if (outcome === undefined) return { firm: 0, soft: MINOR_EVERY };
    this.#conclude(outcome);
    if (outcome.kind !== 'fenced')
      this.#inBackground('token-renewal-failed', () => this.#renewal.run(this.#end.signal));
    const { firm, soft } = this.#pace.after(outcome, this.#watch.isOpen, performance.now());
    return { firm, soft: this.#isOut ? Math.min(soft, UNHEALTHY_EVERY) : soft };
  }

  /** Undefined before anything was reported. */
  async #attempt(): Promise<SyncOutcome | undefined> {
    const services = this.#wanted;
    if (services === undefined) return undefined;
    const { api, settings, definitions, identity, now } = this.#input;
    const minorDue = performance.now() - this.#lastMinor >= MINOR_EVERY;
    try {
      const machine = identity();
      // The first attempt that is answered counts: before, the clock may not have been set yet.
      const started = this.#started ?? now().toISOString();
      const holder: Holder = { generation: settings.generation, boot: machine.boot, started };
      const who = { identity: machine, holder, minorDue, signal: this.#end.signal };
      const outcome = await syncEntry({ ...who, api, settings, services, definitions: definitions() });
      this.#started = started;
      // Something newer was reported meanwhile.
      if (services === this.#wanted && (outcome.kind === 'written' || outcome.kind === 'same'))
        this.#behindSince = undefined;
      return outcome;
    } catch (error) {
      return { kind: 'failed', reason: errorText(error), isLate: error instanceof NoAnswer && error.isLate };
    }
  }

  #conclude(outcome: SyncOutcome): void {
    switch (outcome.kind) {
      case 'written':
        this.#lastWrite = this.#input.now();
        this.#lastMinor = performance.now();
        this.#see(outcome.entry);
        return this.#announce(outcome);
      case 'same':
        return this.#see(outcome.entry);
      case 'conflict':
        return undefined;
      case 'fenced':
        this.#enter('fenced', outcome.reason);
        if (outcome.withdrawn) this.#announce(outcome.withdrawn);
        return this.#follow(undefined);
      case 'missing':
        return this.#wait(outcome.orphan);
      case 'refused':
        return this.#enter('health-channel', outcome.reason, true);
      case 'failed':
        return this.#fail(outcome.reason);
    }
  }

  #announce({ entry, changed }: Pick<Extract<SyncOutcome, { readonly kind: 'written' }>, 'entry' | 'changed'>): void {
    for (const { service, isNews } of changed) {
      this.#input.log('reported', { service: service.name, state: service.state, reason: service.reason });
      if (isNews) this.#events.change(entry, service);
    }
  }

  #wait(orphan: boolean): void {
    const { group, entry } = this.#input.settings.mesh;
    this.#enter('api', orphan ? `WorkloadGroup ${group} no longer exists` : `WorkloadEntry ${entry} does not exist`);
    this.#behindSince ??= performance.now();
    this.#follow(undefined);
    if (this.#input.settings.observe || !this.#pace.reconnectDue(orphan, performance.now())) return;
    this.#input.log('reconnect-requested', { entry }, 'notice');
    this.#input.reconnect();
  }

  /** An outage does no harm while the entry says what it should, and says nothing about rights. */
  #fail(reason: string): void {
    const behind = this.#behindSince;
    const isLong = behind !== undefined && performance.now() - behind >= MODE_AFTER;
    const { mode, isRefused } = this.#state;
    this.#enter(mode === 'api' && isLong ? 'health-channel' : mode, reason, isRefused);
  }

  #enter(mode: ReporterStatus['mode'], reason?: string, isRefused?: true): void {
    const before = this.#state;
    const since = before.mode === mode ? before.since : this.#input.now();
    this.#state = { mode, since, ...present({ reason, isRefused }) };
    if (before.mode === mode && (before.reason === undefined) === (reason === undefined)) return;
    this.#input.log('reporting', { mode, reason }, reason === undefined ? 'info' : 'warning');
  }

  /** The entry says what it should. istiod may keep it out of rotation all the same. */
  #see(entry: KubeObject): void {
    const { isHealthy, settings, log, reconnect } = this.#input;
    const reason = unhealthyReason(entry);
    this.#isOut = reason !== undefined;
    const isStale = this.#isOut && isHealthy();
    const next = isStale ? this.#staleHealth.differ(performance.now()) : this.#staleHealth.agree();
    this.#enter('api', next === 'none' ? undefined : `istiod keeps the entry out of rotation: ${reason}`);
    this.#events.met(entry);
    this.#follow(entry.metadata['resourceVersion']);
    if (settings.observe || next === 'none' || next === 'wait') return;
    log(next === 'reconnect' ? 'reconnect-requested' : 'reconnect-given-up', { reason }, 'warning');
    if (next === 'reconnect') reconnect();
  }

  /** Watches the entry, and corrects at once what others change. */
  #follow(version: unknown): void {
    const work = this.#watch.follow(version);
    if (work !== undefined) this.#inBackground('watch-failed', work);
  }

  #inBackground(event: string, work: () => Promise<void>): void {
    this.#background.start(work, (error) => {
      if (!this.#end.signal.aborted) this.#input.log(event, { reason: errorText(error) }, 'debug');
    });
  }
}

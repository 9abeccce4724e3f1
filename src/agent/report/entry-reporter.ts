import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../../cluster/api/foreign-error.ts';
import { present } from '../../present.ts';
import type { ServiceHealth } from '../health/health.ts';
import { Alarm } from './alarm.ts';
import type { ApiClient } from './api-client.ts';
import { Background } from './background.ts';
import type { EntryApi } from './entry-api.ts';
import { EventSender } from './event-sender.ts';
import type { EventText } from './events.ts';
import type { Holder } from './fence.ts';
import { requestIstioToken } from './istio-token.ts';
import { Pace, type Pause } from './pace.ts';
import type { Reporter, ReporterInput } from './reporter-input.ts';
import type { ReporterStatus } from './reporter-status.ts';
import { isSame } from './same-health.ts';
import { syncEntry, type SyncOutcome } from './sync.ts';
import { TokenRenewal } from './token-renewal.ts';

export interface EntryReporterInput extends Required<Omit<ReporterInput, 'limits'>> {
  readonly client: ApiClient;
  readonly api: EntryApi;
}

/** Milliseconds. */
const MINOR_EVERY = 60_000;
const MODE_AFTER = 10_000;
const WATCH_AGAIN = 5000;
const WATCH_LASTS = 30_000;

/** Reports through the API server: one attempt after the other, each woken by a change on either side or by the clock. */
export class EntryReporter implements Reporter {
  readonly #input: EntryReporterInput;
  readonly #alarm = new Alarm();
  readonly #background = new Background();
  readonly #end = new AbortController();
  readonly #events: EventSender;
  readonly #renewal: TokenRenewal;
  readonly #pace: Pace;
  readonly #running: Promise<void>;
  #wanted: readonly ServiceHealth[] | undefined;
  #state: Pick<ReporterStatus, 'mode' | 'since' | 'reason'>;
  #lastWrite: Date | undefined;
  #lastMinor = Number.NEGATIVE_INFINITY;
  /** Since when the entry may not say what it should; undefined while it does. */
  #behindSince: number | undefined = Number.NEGATIVE_INFINITY;
  #started: string | undefined;
  #version = '';
  #watchAfter = 0;
  #watching = false;

  constructor(input: EntryReporterInput) {
    this.#input = input;
    this.#pace = new Pace(input.random);
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
    return this.#pace.after(outcome, this.#watching, performance.now());
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
      return { kind: 'failed', reason: errorText(error) };
    }
  }

  #conclude(outcome: SyncOutcome): void {
    switch (outcome.kind) {
      case 'written':
        this.#lastWrite = this.#input.now();
        this.#lastMinor = performance.now();
        this.#enter('api');
        this.#announce(outcome);
        this.#events.met(outcome.entry);
        return this.#follow(outcome.entry.metadata['resourceVersion']);
      case 'same':
        this.#enter('api');
        this.#events.met(outcome.entry);
        return this.#follow(outcome.entry.metadata['resourceVersion']);
      case 'conflict':
        return undefined;
      case 'fenced':
        this.#enter('fenced', outcome.reason);
        if (outcome.withdrawn) this.#announce(outcome.withdrawn);
        return this.#follow(undefined);
      case 'missing':
        return this.#wait(outcome.orphan);
      case 'refused':
        return this.#enter('health-channel', outcome.reason);
      case 'failed':
        return this.#fail(outcome.reason);
    }
  }

  #announce({ entry, changed }: Pick<Extract<SyncOutcome, { readonly kind: 'written' }>, 'entry' | 'changed'>): void {
    for (const service of changed) {
      this.#input.log('reported', { service: service.name, state: service.state, reason: service.reason });
      this.#events.change(entry, service);
    }
  }

  #wait(orphan: boolean): void {
    const { group, entry } = this.#input.settings.mesh;
    this.#enter('api', orphan ? `WorkloadGroup ${group} no longer exists` : `WorkloadEntry ${entry} does not exist`);
    this.#behindSince ??= performance.now();
    this.#follow(undefined);
    if (!this.#pace.reconnectDue(orphan, performance.now())) return;
    this.#input.log('reconnect-requested', { entry }, 'notice');
    this.#input.reconnect();
  }

  /** An outage does no harm while the entry says what it should. */
  #fail(reason: string): void {
    const behind = this.#behindSince;
    const isLong = behind !== undefined && performance.now() - behind >= MODE_AFTER;
    const { mode } = this.#state;
    this.#enter(mode === 'api' && isLong ? 'health-channel' : mode, reason);
  }

  #enter(mode: ReporterStatus['mode'], reason?: string): void {
    const before = this.#state;
    const since = before.mode === mode ? before.since : this.#input.now();
    this.#state = { mode, since, ...present({ reason }) };
    if (before.mode === mode && (before.reason === undefined) === (reason === undefined)) return;
    this.#input.log('reporting', { mode, reason }, reason === undefined ? 'info' : 'warning');
  }

  /** Watches the entry, and corrects at once what others change. */
  #follow(version: unknown): void {
    this.#version = typeof version === 'string' ? version : '';
    const began = performance.now();
    if (this.#watching || began < this.#watchAfter) return;
    this.#watching = true;
    this.#inBackground('watch-failed', async () => {
      try {
        await this.#input.api.watchEntry(this.#version || undefined, (now) => this.#changed(now), this.#end.signal);
      } finally {
        this.#watching = false;
        if (performance.now() - began < WATCH_LASTS) this.#watchAfter = performance.now() + WATCH_AGAIN;
        // Spread over the agents whose watch the same API server ended.
        await delay(this.#input.random() * WATCH_AGAIN, undefined, { signal: this.#end.signal }).catch(() => undefined);
        this.#alarm.ring();
      }
    });
  }

  #changed(version: string): void {
    if (version === '' || version !== this.#version) this.#alarm.ring();
  }

  #inBackground(event: string, work: () => Promise<void>): void {
    this.#background.start(work, (error) => {
      if (!this.#end.signal.aborted) this.#input.log(event, { reason: errorText(error) }, 'debug');
    });
  }
}

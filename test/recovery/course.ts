import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../lab/wait.ts';
import { unclean } from './health.ts';
import type { JoinedVm } from './joined-vm.ts';
import { ALL, type Service } from './services.ts';
import { Client, type Traffic } from './traffic.ts';

/** How long something took that had to happen without a hand. */
export interface Phase {
  readonly what: string;
  /** Milliseconds since the event before it; undefined if it did not happen within the limit. */
  readonly ms?: number;
  readonly limitMs: number;
}

/** Checks in a row that must agree, and milliseconds between them. */
const STEADY = { checks: 3, pauseMs: 200 } as const;

/** What the sidecar's probe adds: it gives up after five answers, two seconds apart. Milliseconds. */
const HEALTH_CHANNEL = 15_000;

/** Something that had to hold did not. */
export class Failure extends Error {}

/** One case as it goes: events, and what is measured after each. */
export class Course implements AsyncDisposable {
  readonly vm: JoinedVm;
  readonly phases: Phase[] = [];
  readonly #client: Client;
  #zero = performance.now();

  constructor(vm: JoinedVm) {
    this.vm = vm;
    this.#client = new Client(() => vm.answers('web'));
  }

  /** Requests to the HTTP service from the start of the case. */
  get traffic(): Traffic {
    return this.#client.traffic;
  }

  /** Something happens to the VM or the cluster: times count from here. */
  async event(action: () => Promise<unknown>): Promise<void> {
    this.#zero = performance.now();
    await action();
  }

  /** A shell command of root on the VM as the event. */
  async strike(command: string): Promise<void> {
    await this.event(async () => await this.vm.on(command));
  }

  /** Milliseconds since the last event. */
  get elapsedMs(): number {
    return Math.round(performance.now() - this.#zero);
  }

  /** The fault lasts this long. */
  async lasts(ms: number): Promise<void> {
    await delay(Math.max(0, ms - this.elapsedMs));
  }

  /** Waits until the condition holds three times in a row; the time is that of the first. Throws `Failure` at the limit. */
  async until(what: string, limitMs: number, holds: () => Promise<boolean>): Promise<void> {
    let last: unknown;
    const check = async (): Promise<boolean> => {
      try {
        return await holds();
      } catch (error) {
        last = error;
        return false;
      }
    };
    const steady = async (): Promise<number | undefined> => {
      const ms = this.elapsedMs;
      for (let count = 0; count < STEADY.checks; count++) {
        if (!(await check())) return undefined;
        await delay(STEADY.pauseMs);
      }
      return ms;
    };
    const timeoutMs = Math.max(0, limitMs - this.elapsedMs);
    const ms = await waitFor(what, steady, { timeoutMs }).catch(() => undefined);
    this.phases.push({ what, ...(ms !== undefined && { ms }), limitMs });
    if (ms === undefined) throw new Failure(`${what}: not within ${limitMs / 1000} s ${last ? String(last) : ''}`);
  }

  /** The client's sidecar sends nothing for the service to the VM any more. */
  async outOfRotation(service: Service, limitMs: number): Promise<void> {
    const limit = limitMs + (this.#isDivided ? 0 : HEALTH_CHANNEL);
    await this.until(`${service} is out of rotation`, limit, async () => !(await this.vm.isInView(service)));
  }

  /** Requests of the client are answered by these services, which its sidecar has as endpoints; and by `also`, what else must hold. */
  async answer(limitMs: number, services: readonly Service[] = ALL, also?: () => Promise<boolean>): Promise<void> {
    const what =
      services.length === 1
        ? `${services[0]} answers`
        : services === ALL
          ? 'all services answer'
          : `${services.join(', ')} answer`;
    await this.until(what, limitMs, async () => {
      if (also && !(await also())) return false;
      for (const service of services)
        if (!(await this.vm.isInView(service)) || !(await this.vm.answers(service))) return false;
      return true;
    });
  }

  /** The agent's status has no remark. */
  async clean(limitMs: number, out: readonly Service[] = []): Promise<void> {
    let remarks: readonly string[] = [];
    try {
      await this.until("the agent's status is clean", limitMs, async () => {
        remarks = ['the agent does not answer'];
        remarks = unclean(await this.vm.status(), { mode: this.vm.variant.mode, out });
        return remarks.length === 0;
      });
    } catch (error) {
      throw error instanceof Failure ? new Failure(`${error.message}: ${remarks.join('; ')}`) : error;
    }
  }

  /** The same for all services but one that is out of rotation; in health-channel mode it takes the whole VM with it. */
  async othersAnswer(limitMs: number, out: Service): Promise<void> {
    if (!this.#isDivided) return;
    await this.answer(
      limitMs,
      ALL.filter((service) => service !== out),
    );
  }

  /** All requests to the HTTP service were answered while another service was out of rotation, if each has a state of its own. */
  othersAnswered(): void {
    if (this.#isDivided) this.allAnswered();
  }

  get #isDivided(): boolean {
    return this.vm.variant.mode === 'api';
  }

  /** All requests to the HTTP service since the start were answered. */
  allAnswered(): void {
    const { requests, failed } = this.traffic;
    if (failed > 0) throw new Failure(`${failed} of ${requests} requests to web failed`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { type LeasePlace, leaseRef, type LeaseState, microTime, readLease, writeLease } from './lease.ts';

/** Times in milliseconds. The deadline is shorter than the lease: its holder stops before another may take it. */
export interface LeaseTimes {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly deadlineMs: number;
}

export const LEASE_TIMES: LeaseTimes = { leaseMs: 15_000, renewMs: 4000, deadlineMs: 10_000 };

export interface LeaseTaking {
  readonly kube: Kubernetes;
  readonly place: LeasePlace;
  /** Unique for each run. */
  readonly holder: string;
  readonly now: () => Date;
  readonly times: LeaseTimes;
}

/**
 * A Lease that this run holds and renews. Every write names the state that it replaces, so two runs cannot both believe that they hold it.
 * Ends with a write that sets it free.
 */
export class HeldLease implements AsyncDisposable {
  readonly #about: LeaseTaking;
  readonly #inTurn = pLimit(1);
  readonly #stop = new AbortController();
  readonly #renewing: Promise<void>;
  #state: LeaseState;
  #renewedAt = performance.now();
  #lost: string | undefined;

  /** Takes a lease that is free, or whose holder is dead. Throws `cluster-changed-meanwhile` if its state is no longer that. */
  static async take(about: LeaseTaking, seen: LeaseState): Promise<HeldLease> {
    const { kube, place, holder, now, times } = about;
    const at = microTime(now());
    const state = { ...seen, holder, acquired: at, renewed: at, seconds: Math.ceil(times.leaseMs / 1000) };
    return new HeldLease(about, await writeLease(kube, place, state));
  }

  private constructor(about: LeaseTaking, state: LeaseState) {
    this.#about = about;
    this.#state = state;
    this.#renewing = this.#renew();
  }

  /** Why the lease is lost; undefined while it is held. */
  get lost(): string | undefined {
    if (this.#lost === undefined && performance.now() - this.#renewedAt > this.#about.times.deadlineMs)
      this.#lost = `it could not be renewed for ${Math.round(this.#about.times.deadlineMs / 1000)} s`;
    return this.#lost;
  }

  /** Writes annotations, which also renews the lease. False when it is lost. */
  async annotate(annotations: Readonly<Record<string, string>>): Promise<boolean> {
    return await this.#inTurn(() => this.#write({ annotations: { ...this.#state.annotations, ...annotations } }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#renewing;
    await this.#inTurn(() => this.#release());
  }

  /** Deletes the Lease. A write that followed would create it again, so this ends the lock first. */
  async remove(): Promise<void> {
    this.#stop.abort();
    await this.#renewing;
    if (this.lost !== undefined) return;
    this.#lost = 'it was deleted';
    const { kube, place } = this.#about;
    await this.#inTurn(() => kube.delete(leaseRef(place)));
  }

  async #renew(): Promise<void> {
    const { signal } = this.#stop;
    const pause = () => delay(this.#about.times.renewMs, true, { signal }).catch(() => false);
    while ((await pause()) && this.lost === undefined) await this.#inTurn(() => this.#write({}));
  }

  async #write(change: Partial<LeaseState>): Promise<boolean> {
    const { kube, place, now, times } = this.#about;
    while (this.lost === undefined) {
      try {
        const limit = AbortSignal.timeout(times.deadlineMs);
        this.#state = await writeLease(kube, place, { ...this.#state, ...change, renewed: microTime(now()) }, limit);
        this.#renewedAt = performance.now();
        return true;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.id === clusterProblems.changedMeanwhile.id) await this.#readAgain();
        else await delay(Math.min(500, times.renewMs));
      }
    }
    return false;
  }

  /** Someone else wrote: the lease is lost, unless they only touched what is not the holder's. */
  async #readAgain(): Promise<void> {
    const { kube, place, holder, times } = this.#about;
    const found = await readLease(kube, place).catch(() => null);
    if (found === null) await delay(Math.min(500, times.renewMs));
    else if (found === undefined) this.#lost = 'it was deleted by another';
    else if (found.holder === holder)
      this.#state = { ...found, annotations: { ...found.annotations, ...this.#state.annotations } };
    else this.#lost = found.holder === undefined ? 'it was set free by another' : `${found.holder} took it`;
  }

  async #release(): Promise<void> {
    if (this.lost !== undefined) return;
    const { kube, place } = this.#about;
    const { holder: _holder, acquired: _acquired, renewed: _renewed, ...free } = this.#state;
    // Unreleased it is free when its time is over.
    await writeLease(kube, place, free).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
    });
  }
}

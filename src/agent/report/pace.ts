import { backoffMs } from './backoff.ts';
import type { SyncOutcome } from './sync.ts';

/** How long to wait: first regardless of anything, then until something happens. Milliseconds. */
export interface Pause {
  readonly firm: number;
  readonly soft: number;
}

/** Milliseconds. */
const GAP = 100;
const POLL = 15_000;
/** With a watch, in case it is silent for another reason. */
const SAFETY = 60_000;
const LONGEST_REFUSED = 60_000;
/** An API server that starts refuses everyone until it knows the rights: agents that insist would keep it from getting there. */
const FIRST_REFUSED = 1000;
/** An API server that is late has more to do than it can: agents that ask again every few seconds would keep it there. */
const LONGEST_LATE = 30_000;
const LONGEST_CONFLICT = 1000;
const RECONNECT = { first: 5000, factor: 2, longest: 600_000 } as const;
/** Someone who undoes each write must not make the agent write without end. */
const WRITES = { most: 10, window: 10_000, pause: 5000 } as const;

/** Decides when the next attempt is due. Failures alone make it slower; every pause after one is random, so that agents spread. */
export class Pace {
  readonly #random: () => number;
  /** In a row, each kind by itself: an API server that has just started refuses everyone for a moment, and comes after many failures. */
  #failures = { failed: 0, refused: 0 };
  #conflicts = 0;
  #writes: number[] = [];
  #reconnect: { readonly at: number; readonly pause: number } | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** `now` is of a clock that never jumps. */
  after(outcome: SyncOutcome, watching: boolean, now: number): Pause {
    const { kind } = outcome;
    if (kind === 'failed' || kind === 'refused') return this.#afterFailure(outcome);
    this.#failures = { failed: 0, refused: 0 };
    this.#conflicts = kind === 'conflict' ? this.#conflicts + 1 : 0;
    if (kind !== 'missing') this.#reconnect = undefined;
    if (kind === 'conflict') return { firm: backoffMs(this.#conflicts, this.#random(), LONGEST_CONFLICT), soft: 0 };
    const poll = (watching && kind !== 'missing' ? SAFETY : POLL) * (0.75 + this.#random() / 2);
    return { firm: kind === 'written' ? this.#afterWrite(now) : GAP, soft: kind === 'missing' ? poll / 5 : poll };
  }

  /** Whether the sidecar should connect again, because its entry has been missing for long. Never without its group. */
  reconnectDue(orphan: boolean, now: number): boolean {
    if (orphan) return false;
    this.#reconnect ??= { at: now + RECONNECT.first, pause: RECONNECT.first };
    if (now < this.#reconnect.at) return false;
    const pause = Math.min(RECONNECT.longest, this.#reconnect.pause * RECONNECT.factor);
    this.#reconnect = { at: now + pause, pause };
    return true;
  }

  #afterFailure(outcome: Extract<SyncOutcome, { readonly kind: 'failed' | 'refused' }>): Pause {
    const { kind } = outcome;
    this.#failures[kind] += 1;
    const { isLate = false, retryAfterMs: least = 0 } = kind === 'failed' ? outcome : {};
    const longest = kind === 'refused' ? LONGEST_REFUSED : isLate ? LONGEST_LATE : undefined;
    const first = kind === 'refused' ? FIRST_REFUSED : undefined;
    return { firm: least + backoffMs(this.#failures[kind], this.#random(), longest, first), soft: 0 };
  }

  #afterWrite(now: number): number {
    this.#writes = [...this.#writes.filter((at) => now - at < WRITES.window), now];
    return this.#writes.length > WRITES.most ? WRITES.pause : GAP;
  }
}

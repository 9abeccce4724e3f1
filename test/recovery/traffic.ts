import { setTimeout as delay } from 'node:timers/promises';

/** How the requests of a client went. */
export interface Traffic {
  readonly requests: number;
  readonly failed: number;
  /** The longest time from one answer to the next, milliseconds. */
  readonly longestMs: number;
}

/** Milliseconds from an answer to the next request. */
const PAUSE = 100;

/** A client that asks again and again until it is stopped. */
export class Client implements AsyncDisposable {
  readonly #ask: () => Promise<boolean>;
  readonly #running: Promise<void>;
  #isStopped = false;
  #requests = 0;
  #failed = 0;
  #longestMs = 0;
  #lastAnswer = performance.now();

  /** `ask` is one request; it gives whether it was answered. */
  constructor(ask: () => Promise<boolean>) {
    this.#ask = ask;
    this.#running = this.#run();
  }

  get traffic(): Traffic {
    const open = performance.now() - this.#lastAnswer;
    const longestMs = Math.round(Math.max(this.#longestMs, open));
    return { requests: this.#requests, failed: this.#failed, longestMs };
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const isAnswered = await this.#ask().catch(() => false);
      this.#requests += 1;
      if (isAnswered) {
        const now = performance.now();
        this.#longestMs = Math.max(this.#longestMs, now - this.#lastAnswer);
        this.#lastAnswer = now;
      } else this.#failed += 1;
      await delay(PAUSE);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }
}

/** Renews something again and again, never twice at once. Does not keep the process alive. */
export class Renewal {
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #last = performance.now();

  /** `renew` is told the milliseconds since the last success, and answers whether this one was one. */
  constructor(everyMs: number, renew: (msSinceLast: number) => Promise<boolean>) {
    this.#timer = setInterval(() => {
      this.#running ??= this.#once(renew).finally(() => (this.#running = undefined));
    }, everyMs).unref();
  }

  /** No renewal is under way when it resolves, and none comes any more. Gives the milliseconds since the last success. */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    await this.#running;
    return performance.now() - this.#last;
  }

  async #once(renew: (msSinceLast: number) => Promise<boolean>): Promise<void> {
    const started = performance.now();
    if (await renew(started - this.#last)) this.#last = started;
  }
}

/** Renews something periodically, never twice at once. Does not keep the process alive. */
export class Renewal {
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #last = performance.now();

  /** `renew` gets the milliseconds since the last success, and returns whether it succeeded. */
  constructor(everyMs: number, renew: (msSinceLast: number) => Promise<boolean>) {
    this.#timer = setInterval(() => {
      this.#running ??= this.#once(renew).finally(() => (this.#running = undefined));
    }, everyMs).unref();
  }

  /** Resolves after the last renewal, with the milliseconds since the last success. */
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

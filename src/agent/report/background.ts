/** Work that no one waits for until the end: events, a watch, the renewal of a token. */
export class Background {
  readonly #running = new Set<Promise<void>>();

  /** Starts the work. What it throws goes to `failed`. */
  start(work: () => Promise<void>, failed: (error: unknown) => void): void {
    const running = work()
      .catch(failed)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}

/** A sleep that others can end. For one sleeper. */
export class Alarm {
  #due = false;
  #wake: (() => void) | undefined;

  /** Ends the sleep; without a sleeper, the next one. */
  ring(): void {
    this.#due = true;
    this.#wake?.();
  }

  /** Resolves after `ms` milliseconds, or when it is rung. Leaves no timer behind. */
  async sleep(ms: number): Promise<void> {
    if (!this.#due && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#due = false;
  }
}

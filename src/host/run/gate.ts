/** Limits concurrency; waiters enter in order. */
export class Gate {
  #most: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get inside(): number {
    return this.#inside;
  }

  /** Waits for a place, which `leave` returns. Throws the signal's reason on abort. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#inside < this.#most) {
      this.#inside += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const givenUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal.reason as Error);
      };
      const turn = () => {
        signal.removeEventListener('abort', givenUp);
        resolve();
      };
      signal.addEventListener('abort', givenUp, { once: true });
      this.#waiting.push(turn);
    });
  }

  leave(): void {
    const next = this.#inside <= this.#most ? this.#waiting.shift() : undefined;
    if (next) next();
    else this.#inside -= 1;
  }

  /** Lowers the limit to one less than the current number. */
  narrow(): void {
    this.#most = Math.max(1, Math.min(this.#most, this.#inside - 1));
  }
}

/** Lets a number of holders in at once; the others wait in their order. */
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

  /** Waits for a place. Give it back with `leave`. An abort gives up waiting and throws the signal's reason. */
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

  /** The machine allows fewer than hoped: from now on one less than are inside. */
  narrow(): void {
    this.#most = Math.max(1, Math.min(this.#most, this.#inside - 1));
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { EntryApi } from './entry-api.ts';

/** Milliseconds. A watch that ends sooner is not opened again at once. */
const LASTS = 30_000;
const AGAIN = 5000;

interface EntryWatchInput {
  readonly api: EntryApi;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Someone else may have changed the entry, or the watch ended. */
  readonly onChange: () => void;
}

/** Watches the entry from the version that the agent knows. One watch at a time, of which no one waits for the end. */
export class EntryWatch {
  readonly #input: EntryWatchInput;
  #version = '';
  #after = 0;
  #isOpen = false;

  constructor(input: EntryWatchInput) {
    this.#input = input;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The version that the agent knows. Returns the work of a watch if one is due; it throws when the watch breaks. */
  follow(version: unknown): (() => Promise<void>) | undefined {
    this.#version = typeof version === 'string' ? version : '';
    if (this.#isOpen || performance.now() < this.#after) return undefined;
    this.#isOpen = true;
    return () => this.#watch(performance.now());
  }

  async #watch(began: number): Promise<void> {
    const { api, random, signal, onChange } = this.#input;
    try {
      await api.watchEntry(this.#version || undefined, (version) => this.#changed(version), signal);
    } finally {
      this.#isOpen = false;
      if (performance.now() - began < LASTS) this.#after = performance.now() + AGAIN;
      // Spread over the agents whose watch the same API server ended.
      await delay(random() * AGAIN, undefined, { signal }).catch(() => undefined);
      onChange();
    }
  }

  #changed(version: string): void {
    if (version === '' || version !== this.#version) this.#input.onChange();
  }
}

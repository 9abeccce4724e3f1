import type { KeptDrains } from './kept-drains.ts';

/** Who keeps a service out of rotation. `request`: people; `unit`: its systemd unit stops; `host`: the cloud stops the machine. */
export type DrainCause = 'request' | 'unit' | 'host';

/** What drains use. Each returns false when there is no service of the name. */
interface Draining {
  readonly drain: (service: string, reason: string) => boolean;
  readonly undrain: (service: string) => boolean;
  readonly kept: Pick<KeptDrains, 'add' | 'remove' | 'read'>;
  /** A drain that cannot be kept is a drain all the same. */
  readonly onNotKept: (error: unknown) => void;
}

const REASONS: Readonly<Record<DrainCause, string>> = {
  request: 'drained on request',
  unit: 'its unit stops',
  host: 'the machine is about to stop',
};

/**
 * The causes that keep each service out of rotation: it returns when the last one has ended. Only what people asked for outlives the
 * agent: a unit that stops asks again, and so does the cloud.
 */
export class Drains {
  readonly #parts: Draining;
  readonly #causes = new Map<string, ReadonlySet<DrainCause>>();
  #hasStarted = false;

  constructor(parts: Draining) {
    this.#parts = parts;
  }

  /** Drains again what people drained before this start. */
  async start(): Promise<void> {
    for (const name of await this.#parts.kept.read()) this.#begin(name, 'request');
    this.#hasStarted = true;
  }

  /** Whether the services are known, with what was drained before this start. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Takes a service out of rotation; false when there is none of this name. */
  begin(name: string, cause: DrainCause, reason = REASONS[cause]): boolean {
    if (!this.#begin(name, cause, reason)) return false;
    if (cause === 'request') void this.#parts.kept.add(name).catch(this.#parts.onNotKept);
    return true;
  }

  /** Ends one cause, and all of them on request: people know better. False when there is no service of this name. */
  end(name: string, cause: DrainCause): boolean {
    const causes = this.#causes.get(name) ?? new Set();
    if (cause === 'request') void this.#parts.kept.remove(name).catch(this.#parts.onNotKept);
    const left = cause === 'request' ? [] : [...causes].filter((each) => each !== cause);
    this.#causes.set(name, new Set(left));
    return left.length > 0 || this.#parts.undrain(name);
  }

  #begin(name: string, cause: DrainCause, reason = REASONS[cause]): boolean {
    if (!this.#parts.drain(name, reason)) return false;
    this.#causes.set(name, new Set([...(this.#causes.get(name) ?? []), cause]));
    return true;
  }
}

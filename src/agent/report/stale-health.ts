import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';

/** istiod writes it into an entry whose WorkloadGroup has a probe. Such an entry is out of rotation until its first report of health. */
const CHECKED_ANNOTATION = 'proxy.istio.io/health-checks-enabled';

/** Why istiod keeps the whole entry out of rotation, in its words; undefined if it does not. */
export function unhealthyReason(entry: KubeObject): string | undefined {
  const conditions: unknown = mapping(entry['status'])['conditions'];
  const all = Array.isArray(conditions) ? conditions.map(mapping) : [];
  const healthy = all.find(({ type }) => type === 'Healthy');
  if (healthy?.['status'] === 'True') return undefined;
  if (healthy !== undefined) return text(healthy['message']) ?? 'it gives no reason';
  return entry.metadata.annotations?.[CHECKED_ANNOTATION] === 'true' ? 'it has no report of health' : undefined;
}

/** The sidecar asks every 2 s and reports at once, so a longer difference is not on its way. Milliseconds. */
export const STALE_AFTER = 10_000;
/** Root connects the sidecar again once a minute at most. Milliseconds. */
const AGAIN = { first: 60_000, factor: 2, most: 5 } as const;

/**
 * Judges a difference: istiod keeps the entry out of rotation although the agent's health endpoint answers 200. istiod may have lost the
 * report (istio#59111), and gets it again when the sidecar connects. `now` is of a clock that never jumps.
 */
export class StaleHealth {
  readonly #patience: number;
  #next: number | undefined;
  #requests = 0;

  constructor(patienceMs: number) {
    this.#patience = patienceMs;
  }

  /** There is no difference. */
  agree(): 'none' {
    this.#next = undefined;
    this.#requests = 0;
    return 'none';
  }

  /** It cannot be judged now: a difference that began before is given the whole time again. */
  hold(now: number): void {
    if (this.#next !== undefined) this.#next = Math.max(this.#next, now + this.#patience);
  }

  /**
   * There is one. `none`: it is young, and may be on its way out. `reconnect`: the sidecar should connect again. `give way`: that has not
   * helped, and is not asked for again.
   */
  differ(now: number): 'none' | 'wait' | 'reconnect' | 'give way' {
    this.#next ??= now + this.#patience;
    if (now < this.#next) return this.#requests === 0 ? 'none' : 'wait';
    if (this.#requests === AGAIN.most) {
      this.#next = Infinity;
      return 'give way';
    }
    this.#next = now + AGAIN.first * AGAIN.factor ** this.#requests;
    this.#requests += 1;
    return 'reconnect';
  }
}

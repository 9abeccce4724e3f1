import type { Log } from '../log.ts';
import type { RootAnswer } from '../machine/root.ts';

/** How the agent sees that the mesh's roots change. */
export interface RootsAccess {
  /** The roots in the cluster; undefined when they cannot be read. */
  readonly meshRoots: (signal: AbortSignal) => Promise<string | undefined>;
  /** Whether the sidecar has a connection to istiod. */
  readonly isConnected: () => Promise<boolean>;
  /** Asks root to look at the roots, and to replace those that istiod no longer uses. */
  readonly renew: (signal: AbortSignal) => Promise<RootAnswer>;
  /** Milliseconds on a clock that never jumps. */
  readonly ms: () => number;
  readonly log: Log;
}

export interface RootsStatus {
  /** What is not as it should be with roots and connection; undefined: nothing is. */
  readonly issue?: string;
  /** Nothing vouches for istiod, so the sidecar cannot connect again. */
  readonly isUntrusted: boolean;
}

/** Passes without a connection before it is a reason: istiod ends each connection after half an hour. */
const ALONE = 2;
/** Root's look takes half a second of processor time. Without a connection, it looks as often as it may act. Milliseconds. */
const AGAIN = 300_000;
const AGAIN_ALONE = 120_000;
/** How agent-root begins to say it. */
const UNKNOWN_ROOT = 'istiod has a certificate of an unknown root';

/** Has root look at the mesh's roots when they change in the cluster, and while the sidecar cannot connect. */
export class RootsKeeper {
  readonly #access: RootsAccess;
  #seen: string | undefined;
  #alone = 0;
  /** Root's last answer asks for another look. */
  #isOpen = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #issue: string | undefined;

  constructor(access: RootsAccess) {
    this.#access = access;
  }

  get status(): RootsStatus {
    const issue = this.#issue;
    return { ...(issue !== undefined && { issue }), isUntrusted: issue?.startsWith(UNKNOWN_ROOT) ?? false };
  }

  /** Never throws. `prepare` is called before root is asked, because the sidecar may then need its token. */
  async pass(signal: AbortSignal, prepare: () => Promise<void>): Promise<void> {
    const { meshRoots, isConnected, ms } = this.#access;
    const roots = await meshRoots(signal);
    this.#alone = (await isConnected()) ? 0 : this.#alone + 1;
    const isNew = roots !== undefined && roots !== this.#seen;
    // While the roots are known to change, one pass without a connection is a reason.
    const isAlone = this.#alone === (this.#isOpen ? 1 : ALONE);
    const isLate = ms() - this.#askedAt >= (this.#alone > 0 ? AGAIN_ALONE : AGAIN);
    const isWaiting = (this.#isOpen || this.#alone > ALONE) && isLate;
    if (isNew || isAlone || isWaiting) {
      this.#seen = roots ?? this.#seen;
      this.#askedAt = ms();
      await prepare();
      this.#conclude(await this.#access.renew(signal));
    } else if (this.#alone === 0 && !this.#isOpen) this.#issue = undefined;
  }

  #conclude({ outcome, reason }: RootAnswer): void {
    this.#isOpen = outcome === 'refused' || outcome === 'unreachable';
    const before = this.#issue;
    this.#issue = this.#isOpen ? reason : this.#alone > 0 ? 'the sidecar has no connection to istiod' : undefined;
    if (outcome === 'done') this.#access.log('roots-renewed', {}, 'notice');
    else if (this.#issue !== before)
      this.#access.log('roots', { issue: this.#issue }, this.#issue === undefined ? 'notice' : 'warning');
  }
}

import type { Log } from '../log.ts';
import type { EventText } from '../report/events.ts';
import { RUN_UP } from './operator-command.ts';
import type { RootAnswer } from './root.ts';

/** How the agent sees the machine's addresses. */
export interface AddressAccess {
  /** All addresses of its interfaces. */
  readonly own: () => readonly string[];
  /** The one with which the sidecar started. */
  readonly registered: () => string | undefined;
  /** Asks root to restart the sidecar with the address of now. */
  readonly follow: () => Promise<RootAnswer>;
  /** Makes an Event on the entry. */
  readonly say: (text: EventText) => void;
  readonly log: Log;
}

/** What becomes of the watch. */
export interface AddressWatchInput {
  /** The address that the agent reports for. */
  readonly address: string;
  /** The address of the join. */
  readonly joined: string;
  /** The address is on no interface of this machine, as the join knows. */
  readonly translated: boolean;
  readonly observe: boolean;
  /** Called when the machine has lost the address. */
  readonly onLost: () => void;
  /** Called once, when the sidecar registers another address of this machine: the entry has another name. */
  readonly onMoved: () => void;
}

/** Milliseconds. A DHCP client may remove an address for a moment when it renews it. */
const TIMES = { look: 2000, lost: 4000, again: 10_000 } as const;

/** Notices within seconds that the machine has another address than the one in the mesh. */
export class AddressWatch {
  readonly #access: AddressAccess;
  readonly #input: AddressWatchInput;
  #timer: NodeJS.Timeout | undefined;
  #missingSince: number | undefined;
  #isLost = false;
  #askAfter = 0;
  #asking = false;
  #answer = '';

  constructor(access: AddressAccess, input: AddressWatchInput) {
    this.#access = access;
    this.#input = input;
  }

  /** Empty while the machine has the address of the join. */
  get deviations(): readonly string[] {
    const { address, joined } = this.#input;
    if (this.#isLost)
      return [`this machine no longer has the address ${address}${this.#answer && `: ${this.#answer}`}; ${RUN_UP}`];
    if (address === joined) return [];
    return [`the address ${joined} of the join is ${address} now; to let the agent report to its new entry, ${RUN_UP}`];
  }

  /** Looks every two seconds until it is closed. */
  start(): void {
    if (!this.#input.translated) this.#timer = setInterval(() => void this.look(performance.now()), TIMES.look);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One look, at this time on a clock that never jumps. */
  async look(now: number): Promise<void> {
    const { address, observe, onLost, onMoved } = this.#input;
    const own = this.#access.own();
    const registered = this.#access.registered();
    if (registered !== undefined && registered !== address && own.includes(registered)) {
      this.close();
      this.#access.log('address-changed', { from: address, to: registered }, 'warning');
      onMoved();
      return;
    }
    if (own.includes(address)) return this.#found();
    this.#missingSince ??= now;
    if (now - this.#missingSince < TIMES.lost) return;
    if (!this.#isLost) {
      this.#isLost = true;
      this.#access.log('address-lost', { address }, 'error');
      this.#access.say({ reason: 'AddressLost', type: 'Warning', note: this.deviations.join('; ') });
      onLost();
    }
    if (observe || this.#asking || now < this.#askAfter) return;
    this.#asking = true;
    await this.#follow();
    this.#asking = false;
    this.#askAfter = now + TIMES.again;
  }

  #found(): void {
    if (this.#isLost) {
      this.#access.log('address-back', { address: this.#input.address }, 'notice');
      this.#input.onLost();
    }
    this.#isLost = false;
    this.#missingSince = undefined;
    this.#answer = '';
  }

  async #follow(): Promise<void> {
    const { outcome, reason } = await this.#access.follow();
    this.#answer = ANSWERS[outcome] ?? reason;
    const level = outcome === 'done' ? 'notice' : 'warning';
    this.#access.log('address-follow', { outcome, reason: reason || undefined }, level);
  }
}

const ANSWERS: Partial<Readonly<Record<RootAnswer['outcome'], string>>> = {
  done: 'the sidecar was restarted',
  'nothing to do': 'its sidecar still registers it',
};

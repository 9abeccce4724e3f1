import type { Log } from '../log.ts';
import type { EventText } from '../report/events.ts';
import { type ChangedFile, changedFileText } from './own-files.ts';
import { givesWay, mayLackRules, type RepairTimes, unitDeviations, withRepair } from './repairs.ts';
import type { RootAnswer, RootVerb } from './root.ts';
import type { UnitState } from './units.ts';

/** How the agent sees and changes the machine. */
export interface MachineAccess {
  /** Empty if systemd does not answer. */
  readonly units: (signal: AbortSignal) => Promise<ReadonlyMap<string, UnitState>>;
  readonly root: (verb: RootVerb, signal: AbortSignal) => Promise<RootAnswer>;
  /** Files of the join that differ, as root listed them last. */
  readonly files: () => Promise<readonly ChangedFile[]>;
  /** Makes an Event on the entry. */
  readonly say: (text: EventText) => void;
  /** Milliseconds on a clock that never jumps. */
  readonly ms: () => number;
}

/** The machine, as the status shows it. */
export interface MachineStatus {
  /** How the machine differs from the join, and what was done. Empty: it does not. */
  readonly deviations: readonly string[];
}

/** Puts right what others changed on the machine. One pass at a time. */
export class MachineKeeper {
  readonly #access: MachineAccess;
  readonly #observe: boolean;
  readonly #log: Log;
  #times: RepairTimes = new Map();
  #deviations: readonly string[] = [];

  constructor(access: MachineAccess, { observe, log }: { readonly observe: boolean; readonly log: Log }) {
    this.#access = access;
    this.#observe = observe;
    this.#log = log;
  }

  get status(): MachineStatus {
    return { deviations: this.#deviations };
  }

  /** Compares the machine with the join once, and asks root for each repair. With `observe` it only looks. */
  async pass(signal: AbortSignal): Promise<void> {
    const units = await this.#access.units(signal);
    const found: string[] = [];
    for (const { what, repair } of unitDeviations(units)) {
      const done = repair === undefined ? undefined : await this.#repair(repair, signal);
      found.push(done === undefined ? what : `${what}: ${done}`);
    }
    // Only root can read the rules; it does nothing when none is missing.
    if (mayLackRules(units) && !this.#observe)
      for (const verb of ['restore-rules', 'restore-resolver'] as const) {
        const done = await this.#repair(verb, signal);
        if (done !== undefined) found.push(`${LOST[verb]}: ${done}`);
      }
    found.push(...(await this.#files(signal)));
    this.#announce(found);
    this.#deviations = found;
  }

  /** Root compares the files: what is a secret to the agent, too. */
  async #files(signal: AbortSignal): Promise<readonly string[]> {
    const verb = this.#observe ? 'check-files' : 'restore-files';
    const { outcome, reason } = await this.#access.root(verb, signal);
    if (outcome === 'refused' || outcome === 'unreachable') {
      this.#log('machine-repair', { verb, outcome, reason: reason || undefined }, 'debug');
      return [];
    }
    return (await this.#access.files()).map(changedFileText);
  }

  #announce(found: readonly string[]): void {
    for (const what of found) {
      if (this.#deviations.includes(what)) continue;
      this.#log('machine-differs', { what }, 'warning');
      this.#access.say({ reason: 'MachineDiffers', type: 'Warning', note: what });
    }
  }

  /** What came of it, for people; undefined if there was nothing to do. */
  async #repair(verb: RootVerb, signal: AbortSignal): Promise<string | undefined> {
    if (this.#observe) return 'only observed';
    if (givesWay(this.#times, verb, this.#access.ms()))
      return 'undone again and again by another program, left as it is';
    const { outcome, reason } = await this.#access.root(verb, signal);
    if (outcome === 'nothing to do') return undefined;
    if (outcome === 'done') this.#times = withRepair(this.#times, verb, this.#access.ms());
    const level = outcome === 'done' ? 'notice' : 'warning';
    this.#log('machine-repair', { verb, outcome, reason: reason || undefined }, level);
    return outcome === 'done' ? 'repaired' : reason;
  }
}

const LOST: Readonly<Record<'restore-rules' | 'restore-resolver', string>> = {
  'restore-rules': "capture's rules",
  'restore-resolver': "capture's name servers",
};

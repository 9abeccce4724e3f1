import { join } from 'node:path';
import { IdentityKeeper, type IdentityStatus } from './identity/keeper.ts';
import type { Log } from './log.ts';
import { MachineKeeper, type MachineStatus } from './machine/keeper.ts';
import { askRoot } from './machine/root.ts';
import { readUnits } from './machine/units.ts';
import { tokenFile } from './report/credential.ts';
import type { Reporter } from './report/reporter-input.ts';
import type { AgentSettings } from './settings.ts';
import { askAdmin } from './sidecar/admin.ts';

/** Milliseconds between two passes. meshx-watch restores rules within a second by itself. */
const EVERY = 60_000;
/** After a boot the sidecar needs its time. Milliseconds. */
const FIRST = 10_000;

export interface UpkeepInput {
  readonly settings: AgentSettings;
  readonly reporter: Reporter;
  /** The agent's own folder. */
  readonly state: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Keeps the machine as it was joined, and its identity alive: a slow pass over both. */
export class Upkeep {
  readonly #machine: MachineKeeper;
  readonly #identity: IdentityKeeper;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor({ settings, reporter, state, log, signal }: UpkeepInput) {
    const { observe, mesh } = settings;
    const machine = { units: readUnits, root: (verb: Parameters<typeof askRoot>[0]) => askRoot(verb, { signal }) };
    this.#signal = signal;
    this.#machine = new MachineKeeper({ ...machine, ms: () => performance.now() }, { observe, log });
    const access = {
      certs: () => askAdmin('/certs', { signal }),
      token: tokenFile(join(state, 'istio-token')),
      newToken: () => reporter.istioToken(signal),
      apiTokenEnd: () => reporter.status.tokenExpires,
      install: () => askRoot('renew-token', { signal }),
      ...{ now: () => new Date(), log },
    };
    this.#identity = new IdentityKeeper(access, { subject: mesh, observe });
  }

  get machine(): MachineStatus {
    return this.#machine.status;
  }

  /** Undefined before the first pass. */
  get identity(): IdentityStatus | undefined {
    return this.#identity.status;
  }

  /** Passes follow one another until the signal. */
  start(): void {
    this.#after(FIRST);
    this.#signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true });
  }

  #after(ms: number): void {
    if (!this.#signal.aborted) this.#timer = setTimeout(() => void this.#pass().finally(() => this.#after(EVERY)), ms);
  }

  /** The identity first: a sidecar without a certificate needs its token before it is started. */
  async #pass(): Promise<void> {
    await this.#identity.pass(this.#signal);
    await this.#machine.pass(this.#signal);
  }
}

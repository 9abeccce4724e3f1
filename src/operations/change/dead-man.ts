import type { Host } from '../../host/run/host.ts';
import { Problem } from '../../problems.ts';
import { lockProblems } from '../../problems/lock.ts';
import { vmProblems } from '../../problems/vm.ts';
import { arm, confirm, revertNow, type SwitchState } from '../../vm/dead-man.ts';
import type { Guard } from './decision.ts';
import type { ChangeEvent } from './event.ts';

/** Time limit of a rollback over a connection that may be dead, milliseconds. The VM's own timer runs anyway. */
const ROLL_BACK_MS = 45_000;

/** The VM of the switch. */
export interface Guarded {
  readonly vm: string;
  readonly host: Host;
  readonly guard: Guard;
  /** The operator that the VM records. */
  readonly by: string;
  /** The command that continues after a failure. */
  readonly again: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly tell: (event: ChangeEvent<never>) => void;
}

/** One run's hold on the VM's dead-man switch. From the first `arm` on, the run ends with `confirm` or with `rollBack`. */
export class DeadMan {
  readonly #about: Guarded;
  #due: Date | undefined;
  /** The VM rolled itself back before it was confirmed. */
  #gone = false;
  #login: Promise<Host> | undefined;

  constructor(about: Guarded) {
    this.#about = about;
  }

  get armed(): boolean {
    return this.#due !== undefined;
  }

  /** Restarts a switch that is armed already. Throws `dead-man-switch-failed`; nothing may be started then. */
  async arm(): Promise<void> {
    const { host, guard, by, now, signal, tell } = this.#about;
    // The VM's timer starts later than this clock, so it never rolls back before the reported time.
    const until = new Date(now().getTime() + guard.within * 1000);
    await arm(host, { within: guard.within, by }, signal);
    this.#due = until;
    tell({ kind: 'armed', until });
  }

  /** Opens the new login early. Call it when capture runs, so that the login goes through it. */
  logIn(): void {
    if (this.armed) void this.#newLogin();
  }

  /**
   * Confirms over a new login, after all checks have passed. `atBoot`: units that are to start at boot. Throws `reverted`, `not-confirmed`, and Problems of the
   * login.
   */
  async confirm(atBoot: readonly string[]): Promise<void> {
    const { again, signal, tell } = this.#about;
    const started = performance.now();
    await using fresh = await this.#newLogin();
    this.#login = undefined;
    try {
      await confirm(fresh, { again, atBoot }, signal);
    } catch (error) {
      this.#gone = error instanceof Problem && error.id === vmProblems.reverted.id;
      throw error;
    }
    this.#due = undefined;
    tell({ kind: 'confirmed', ms: Math.round(performance.now() - started) });
  }

  /** Rolls the VM back after a failure. Returns the Problem to throw instead, with the failure's details. */
  async rollBack(error: unknown, done: readonly string[]): Promise<unknown> {
    // Not awaited: a hanging login may be the failure.
    void this.#login?.then(
      (fresh) => fresh[Symbol.asyncDispose](),
      () => undefined,
    );
    const { signal } = this.#about;
    // Another operator has taken over: the VM is theirs, and so is its switch.
    const lost = signal.reason instanceof Problem && signal.reason.id === lockProblems.lost.id;
    if (!this.#due || this.#gone || lost) return error;
    return await this.#rolledBack(failureOf(error, done, signal), this.#due);
  }

  /** Over the open connection, or else a new one. Without either the VM rolls itself back. */
  async #rolledBack(failure: Failure, due: Date): Promise<unknown> {
    const { vm, again, tell } = this.#about;
    const { error, expected, why, seen } = failure;
    let reverted: SwitchState['reverted'];
    try {
      reverted = await this.#revert(firstLine(why));
    } catch (failed) {
      if (!(failed instanceof Problem)) throw failed;
      tell({ kind: 'not-rolled-back', reason: failed.message });
      const at = due.toTimeString().slice(0, 8);
      return expected ? vmProblems.revertsByItself({ vm, at, why: firstLine(why), again, seen }, error) : error;
    }
    if (!reverted) return error;
    const { kept } = reverted;
    tell({ kind: 'rolled-back', kept });
    if (!expected) return error;
    return vmProblems.reverted({ vm, why, again, kept, seen: seen.length > 0 ? seen : [firstLine(why)] }, error);
  }

  async #revert(why: string): Promise<SwitchState['reverted']> {
    const { host, guard } = this.#about;
    const over = (on: Host) => revertNow(on, why, AbortSignal.timeout(ROLL_BACK_MS));
    try {
      return await over(host);
    } catch (lost) {
      if (!(lost instanceof Problem) || lost.id === vmProblems.switchFailed.id) throw lost;
      await using fresh = await guard.login();
      return await over(fresh);
    }
  }

  #newLogin(): Promise<Host> {
    this.#login ??= this.#about.guard.login();
    // The confirmation reports its error.
    this.#login.catch(() => undefined);
    return this.#login;
  }
}

interface Failure {
  readonly error: unknown;
  /** Errors after Ctrl-C are caused by it. Any other error that is no Problem is a bug. */
  readonly expected: boolean;
  readonly why: string;
  readonly seen: readonly string[];
}

function failureOf(error: unknown, done: readonly string[], signal: AbortSignal): Failure {
  const problem = error instanceof Problem ? error : undefined;
  const seen = [...(problem?.issues ?? []), ...done.map((line) => `done: ${line}`)];
  return {
    error,
    expected: problem !== undefined || signal.aborted,
    why: problem?.message ?? 'meshx was interrupted.',
    seen: [...new Set(seen)],
  };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

import type { Host } from '../../host/host.ts';
import { Problem } from '../../problems.ts';
import { lockProblems } from '../../problems/lock.ts';
import { vmProblems } from '../../problems/vm.ts';
import type { Say, World } from '../../world.ts';
import { arm, confirm, readSwitch, revertNow, type SwitchState } from '../../vm/dead-man.ts';
import { whoOf } from '../../who.ts';
import type { Input } from '../input.ts';

/** Seconds between arming and the confirmation, when nothing else is said. */
const DEFAULT_WITHIN = 90;

/** How long going back may take over a connection that may be dead. The VM's own timer does not wait for it. */
const GO_BACK_MS = 45_000;

/** What a run needs for the VM's dead-man switch. */
export interface SwitchWords {
  /** Seconds until the VM goes back by itself. */
  readonly within: number;
  /** Who the VM notes as the one who armed. */
  readonly by: string;
  /** Opens another connection to the same VM: only a new login shows that logins work. */
  readonly login: () => Promise<Host>;
  readonly now: () => Date;
}

/** Reads --confirm-within; to be called before the input is accepted. */
export function confirmWithin(input: Input): number {
  return input.number('confirmWithin', [10, 3600]) ?? DEFAULT_WITHIN;
}

/** Who runs meshx, and on which machine. */
export function switchWords(world: World, { within, login }: Pick<SwitchWords, 'within' | 'login'>): SwitchWords {
  return { within, login, now: world.now, by: whoOf(world) };
}

/** Whose switch it is. */
export interface Switched {
  readonly vm: string;
  readonly host: Host;
  readonly words: SwitchWords;
  /** The command that goes on after a failure. */
  readonly again: string;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** One run's hold on the VM's dead-man switch. From `arm` on, the run ends with `confirm` or with `goBack`. */
export interface DeadMan {
  /** What was found on the VM: what an earlier run left, in sentences for the operator. */
  readonly found: readonly string[];
  readonly armed: () => boolean;
  /** Before each start of the sidecar or of capture; only the first call does something. Throws `dead-man-switch-failed`. */
  readonly arm: () => Promise<void>;
  /** Opens the new login already, where it is armed: to be called when capture runs, so that it is one of afterwards. */
  readonly logIn: () => void;
  /** Over a new login, when all is proved. False: nothing was armed. Throws `reverted`, `not-confirmed`, and what a login throws. */
  readonly confirm: () => Promise<boolean>;
  /** Takes the VM back after a failure; gives the Problem to throw in its place, which has what was seen. */
  readonly goBack: (error: unknown, done: readonly string[]) => Promise<unknown>;
}

/**
 * Looks at the switch and takes over one that an earlier run left armed, before anything else takes its time: the VM would go
 * back in the middle of this run.
 */
export async function holdSwitch(switched: Switched): Promise<DeadMan> {
  const { vm, host, words, again, say, signal } = switched;
  const before = await readSwitch(host, signal);
  let due: Date | undefined;
  let gone = false;
  let login: Promise<Host> | undefined;
  const logIn = (): Promise<Host> => {
    login ??= words.login();
    // What it throws is met by the confirmation.
    login.catch(() => undefined);
    return login;
  };
  const hold = async (): Promise<void> => {
    // The VM's timer begins later than this clock: it never goes back before the time that is said.
    await arm(host, words, signal);
    due = new Date(words.now().getTime() + words.within * 1000);
    say(`+ Arm the dead-man switch: unless a new login confirms it, ${vm} rolls itself back at ${clock(due)}`);
  };
  if (before.armed) await hold();
  let started = false;
  return {
    found: leftBehind(vm, before),
    armed: () => due !== undefined,
    arm: async () => {
      // One that was taken over is armed once more: an older meshx on the VM may have armed it, and its whole time is due.
      if (!started) await hold();
      started = true;
    },
    logIn: () => {
      if (due) void logIn();
    },
    confirm: async () => {
      if (!due) return false;
      const started = performance.now();
      await using fresh = await logIn();
      login = undefined;
      await confirm(fresh, again, signal).catch((error: unknown) => {
        gone = error instanceof Problem && error.id === vmProblems.reverted.id;
        throw error;
      });
      due = undefined;
      say(`ok      a new login confirms the change (${Math.round(performance.now() - started)} ms) [confirmed]`);
      return true;
    },
    goBack: async (error, done) => {
      // Not waited for: it may hang, which can be the very failure.
      void login?.then(
        (fresh) => fresh[Symbol.asyncDispose](),
        () => undefined,
      );
      // Another operator has taken over: the VM is theirs, and so is its switch.
      const lost = signal.reason instanceof Problem && signal.reason.id === lockProblems.lost.id;
      if (!due || gone || lost) return error;
      return await wentBack(switched, { error, done, due });
    },
  };
}

/** What the earlier run left, for the report. */
function leftBehind(vm: string, { armed, reverted, bypassedSince }: SwitchState): readonly string[] {
  return [
    ...(armed?.reverting === undefined && armed
      ? [`${vm}: an earlier run by ${armed.by} ended at some time after ${armed.since} without a word; taken over.`]
      : []),
    ...(armed?.reverting === undefined
      ? []
      : [`${vm}: an earlier run by ${armed.by} was not confirmed, and the VM is rolling back: ${armed.reverting}.`]),
    ...(reverted
      ? [
          `${vm}: an earlier run by ${reverted.by} was not confirmed, and the VM rolled itself back at ${reverted.at}: ${reverted.why}.`,
        ]
      : []),
    ...(bypassedSince
      ? [`${vm}: meshx-bypass kept it out of the mesh since ${bypassedSince}; this run brings it back.`]
      : []),
  ];
}

interface Failure {
  readonly error: unknown;
  readonly done: readonly string[];
  readonly due: Date;
}

/** Over the connection at hand; when that is gone, over a new one; else the VM does it by itself. */
async function wentBack(switched: Switched, { error, done, due }: Failure): Promise<unknown> {
  const { vm, host, words, again, say, signal } = switched;
  // What is thrown after Ctrl-C is thrown because of it; anything else is a bug of meshx, and is reported as such.
  const expected = error instanceof Problem || signal.aborted;
  const why = error instanceof Problem ? error.message : 'meshx was interrupted';
  const seen = [
    ...new Set([...(error instanceof Problem ? error.issues : []), ...done.map((line) => `done: ${line}`)]),
  ];
  const revert = (on: Host) => revertNow(on, firstLine(why), AbortSignal.timeout(GO_BACK_MS));
  let reverted: SwitchState['reverted'];
  try {
    reverted = await revert(host).catch(async (lost: unknown) => {
      if (!(lost instanceof Problem) || lost.id === vmProblems.switchFailed.id) throw lost;
      await using fresh = await words.login();
      return await revert(fresh);
    });
  } catch (failed) {
    if (!(failed instanceof Problem)) throw failed;
    say(`x Go back: ${failed.message}`);
    if (!expected) return error;
    return vmProblems.revertsByItself({ vm, at: clock(due), why: firstLine(why), again, seen }, error);
  }
  if (!reverted) return error;
  say(`+ Roll back: ${reverted.kept ? 'nothing had been started; what ran before is left running' : 'capture is off'}`);
  if (!expected) return error;
  return vmProblems.reverted(
    { vm, why, again, kept: reverted.kept, seen: seen.length > 0 ? seen : [firstLine(why)] },
    error,
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** HH:MM:SS by the operator's clock. */
function clock(time: Date): string {
  return time.toTimeString().slice(0, 8);
}

import { setTimeout as delay } from 'node:timers/promises';
import { hostProblems } from '../../problems/host.ts';
import { doing, said } from './doing.ts';
import { exchange, type Exchanged, MOST_OUTPUT, newToken } from './exchange.ts';
import { errorText } from '../foreign-error.ts';
import { framed } from './framing.ts';
import { Gate } from './gate.ts';
import type { Command, Output } from './host.ts';
import type { Launch, Program } from './program.ts';
import { ASK_WAYS_TO_ROOT, UNKNOWN_SCRIPT, waysToRoot } from './root-program.ts';
import { type About, launchArgv, type Sudo, type SudoMode } from './sudo.ts';
import { shellFile } from '../../text-files.ts';

/** Does not keep the process alive. */
const grace = (): Promise<false> => delay(GRACE_MS, false as const, { ref: false });
const DEFAULT_TIMEOUT_MS = 60_000;
/** How long a stopped command may take to end before it is killed, and then before it is abandoned. */
const GRACE_MS = 2_000;

const STOP = shellFile(new URL('./stop.root.sh', import.meta.url));

export interface CommandsOptions {
  readonly name: string;
  readonly launch: Launch;
  readonly sudo?: Sudo | undefined;
  /** How many commands may run at once. */
  readonly most?: number;
  /** Replaces each command's time limit, in milliseconds: the operator's limit for a slow or broken link. */
  readonly limitMs?: number | undefined;
}

interface Attempt {
  readonly command: Command;
  readonly mode: SudoMode;
  readonly interrupt: AbortController;
}

/** Runs commands on a machine that can launch programs: root, stdin, limits and stopping. */
export class Commands {
  readonly #all: CommandsOptions;
  readonly #gate: Gate;
  // sshd allows 10 sessions: 8 commands, and 2 that stop commands.
  readonly #stopGate = new Gate(2);
  #mode: Promise<SudoMode> | undefined;
  #hasProgram = false;
  #password: Promise<string> | undefined;

  constructor(options: CommandsOptions) {
    this.#all = options;
    this.#gate = new Gate(options.most ?? 64);
  }

  async run(command: Command, signal?: AbortSignal): Promise<Output> {
    if (!command.asRoot) return this.#within(command, signal, 'none');
    const mode = await this.#modeFor(signal);
    try {
      return await this.#within(command, signal, mode);
    } catch (error) {
      const other = this.#hasProgram ? 'program' : this.#all.sudo?.password && 'asking';
      if (mode !== 'silent' || !other || !isRefusal(error)) throw error;
      this.#mode = Promise.resolve(other);
      return this.#within(command, signal, other);
    }
  }

  /** Concurrent commands share the question; if the first is interrupted, the next asks again. */
  async #modeFor(signal: AbortSignal | undefined): Promise<SudoMode> {
    const asked = this.#mode;
    if (!asked) return (this.#mode = this.#learn(signal));
    try {
      return await asked;
    } catch {
      return (this.#mode ??= this.#learn(signal));
    }
  }

  /** Asks once per connection how the user becomes root. Full sudo rights take precedence over the root program. */
  async #learn(signal: AbortSignal | undefined): Promise<SudoMode> {
    try {
      const { stdout } = await this.#within(ASK_WAYS_TO_ROOT, signal, 'none');
      const ways = waysToRoot(stdout);
      this.#hasProgram = ways.program;
      if (ways.root) return 'none';
      return ways.program && !ways.any ? 'program' : 'silent';
    } catch (error) {
      this.#mode = undefined;
      throw error;
    }
  }

  /** The time limit starts with the command's turn. */
  async #within(command: Command, signal: AbortSignal | undefined, mode: SudoMode): Promise<Output> {
    const about = { host: this.#all.name, doing: doing(command) };
    const ms = this.#all.limitMs ?? command.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const interrupt = new AbortController();
    const interrupted = () => interrupt.abort(hostProblems.interrupted(about, signal?.reason));
    if (signal?.aborted) throw hostProblems.interrupted(about, signal.reason);
    signal?.addEventListener('abort', interrupted, { once: true });
    let timer: NodeJS.Timeout | undefined;
    const begin = () => {
      clearTimeout(timer);
      timer = setTimeout(() => interrupt.abort(hostProblems.timedOut({ ...about, ms })), ms);
    };
    try {
      return await this.#inTurn({ command, mode, interrupt }, begin);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupted);
    }
  }

  async #inTurn(attempt: Attempt, begin: () => void): Promise<Output> {
    for (;;) {
      await this.#gate.enter(attempt.interrupt.signal);
      begin();
      try {
        return await this.#attempt(attempt);
      } catch (error) {
        // The machine has a smaller MaxSessions: nothing was started, so wait for another session.
        if (!isChannelRefusal(error) || this.#gate.inside < 2) throw error;
        this.#gate.narrow();
      } finally {
        this.#gate.leave();
      }
    }
  }

  async #attempt({ command, mode, interrupt }: Attempt): Promise<Output> {
    const token = newToken();
    const about = { host: this.#all.name, doing: doing(command) };
    const failures = {
      tooBig: () => hostProblems.outputTooBig({ ...about, bytes: MOST_OUTPUT }),
      stdin: (cause: unknown) => hostProblems.stdinFailed({ ...about, reason: errorText(cause) }, cause),
      wrongPassword: () => {
        this.#password = undefined;
        return hostProblems.sudoPasswordWrong(about);
      },
    };
    const password = mode === 'asking' ? { password: () => this.#askPassword() } : {};
    let onBegun: (pid: number) => void = () => undefined;
    const begun = new Promise<number>((resolve) => (onBegun = resolve));
    const launched = this.#all.launch(
      framed(token, launchArgv(mode, { token, argv: command.argv }, about)),
      about.doing,
    );
    const conversation = launched.then((program) =>
      exchange({ ...{ program, token, stdin: command.stdin, interrupt, failures, onBegun }, ...password }),
    );
    const clear = () => this.#abandon(launched, mode, begun);
    return answer(await orAborted(conversation, interrupt.signal, clear), mode, about);
  }

  /** A hanging launch must not outlive the limit; a program that starts later is stopped then. */
  async #abandon(launched: Promise<Program>, mode: SudoMode, begun: Promise<number>): Promise<void> {
    const stopped = launched.then(
      (program) => this.#stop(program, mode, begun),
      () => undefined,
    );
    const late = Promise.race([launched.then(() => false), grace().then(() => true)]).catch(() => false);
    if (!(await late)) await stopped;
  }

  #askPassword(): Promise<string> {
    return (this.#password ??=
      this.#all.sudo?.password?.() ?? Promise.reject(new Error('there is no source for the password')));
  }

  /**
   * TERM, a grace period, KILL, close. Signals use a second channel, as sudo does not forward SSH's own. Closing ends stdin, which a
   * script could take for the end of a file, so the command is signalled first, once it has begun.
   */
  async #stop(program: Program, mode: SudoMode, begun: Promise<number>): Promise<void> {
    const ended = program.ended.then(() => true);
    const pid = await Promise.race([begun, ended, grace()]);
    for (const signal of ['TERM', 'KILL'] as const) {
      if (typeof pid !== 'number') break;
      await Promise.race([ended, this.#signal(signal, pid, mode), grace()]);
      if (await Promise.race([ended, grace()])) break;
    }
    program.close();
    await Promise.race([ended, grace()]);
  }

  /** Best effort: the caller abandons the command in any case, and reports why. */
  async #signal(name: 'TERM' | 'KILL', pid: number, mode: SudoMode): Promise<void> {
    const interrupt = new AbortController();
    const timer = setTimeout(() => interrupt.abort(new Error('the signal was not sent in time')), GRACE_MS);
    const command: Command = { argv: ['sh', '-c', STOP.text, 'meshx-stop', name, String(pid)] };
    try {
      await this.#stopGate.enter(interrupt.signal);
      try {
        await this.#attempt({ command, mode, interrupt });
      } finally {
        this.#stopGate.leave();
      }
    } catch {
      // A lost connection ends the command as well.
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The output of a program, or the Problem that it did not run to its end. */
function answer(exchanged: Exchanged, mode: SudoMode, about: About): Output {
  const { ending, output, before, begun, whole } = exchanged;
  if ('lost' in ending) throw hostProblems.connectionLost({ ...about, reason: ending.lost });
  if (begun && whole) return { exitCode: ending.exitCode, ...output };
  if (begun) throw hostProblems.connectionLost({ ...about, reason: 'its shell there was ended' });
  if (mode === 'program' && ending.exitCode === UNKNOWN_SCRIPT) throw hostProblems.rootProgramLacks(about);
  const details = { ...about, said: said(before || output.stdout) };
  throw mode === 'none' ? hostProblems.shellUnusable(details) : hostProblems.sudoRefused(details);
}

/** Waits for `work`; on abort waits for `clear` and throws the signal's reason. */
async function orAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
  clear: () => Promise<void>,
): Promise<Result> {
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal.aborted) resolve('aborted');
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  const first = await Promise.race([work, aborted]);
  if (!signal.aborted) return first as Result; // as: only an abort resolves to 'aborted'
  work.catch(() => undefined);
  await clear();
  throw signal.reason;
}

function isRefusal(error: unknown): boolean {
  return hasId(error, hostProblems.sudoRefused.id);
}

function isChannelRefusal(error: unknown): boolean {
  return hasId(error, hostProblems.channelRefused.id);
}

function hasId(error: unknown, id: string): boolean {
  return error instanceof Error && 'id' in error && error.id === id;
}

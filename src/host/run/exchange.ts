import { randomBytes } from 'node:crypto';
import { beforeEnd, hasEnd, withinFrame } from './framing.ts';
import { feed } from './stdin.ts';
import type { Command, Output } from './host.ts';
import type { Ending, Program } from './program.ts';
import { shellFile } from '../../text-files.ts';

/** Limit of stdout and stderr of a command together, in bytes; more is a Problem. */
export const MOST_OUTPUT = 24 * 1024 * 1024;

/** Limit of the output of all running commands, in bytes: many VMs must not fill this machine's memory. */
const MOST_TOGETHER = 64 * 1024 * 1024;
let together = 0;

const ANNOUNCE = shellFile(new URL('./announce.sh', import.meta.url)).text;

/** Limit of text before the announcement, such as sudo's lecture or output of login files, in characters. */
const MOST_BEFORE = 65_536;

/** A new token for each command, so no output can fake the announcement. */
export function newToken(): string {
  return `meshx-${randomBytes(12).toString('hex')}`;
}

export function announced(token: string, argv: readonly string[]): readonly string[] {
  return ['sh', '-c', ANNOUNCE, token, ...argv];
}

export interface Exchange {
  readonly program: Program;
  readonly token: string;
  readonly stdin: Command['stdin'];
  /** Present if sudo may prompt: stdin is then held back until the command has begun. */
  readonly password?: () => Promise<string>;
  /** Aborted to abandon the command; the caller throws the reason. */
  readonly interrupt: AbortController;
  /** Create the errors for failures here. */
  readonly failures: {
    readonly tooBig: () => Error;
    readonly stdin: (cause: unknown) => Error;
    readonly wrongPassword: () => Error;
  };
  /** Called with the process id once the command has begun. */
  readonly onBegun: (pid: number) => void;
}

export interface Exchanged {
  readonly ending: Ending;
  readonly output: Omit<Output, 'exitCode'>;
  /** Output on stderr before the command began: of sudo, a login shell, a forced command. */
  readonly before: string;
  readonly begun: boolean;
  /** Whether the command ran to its end; its shell may have been killed before. */
  readonly whole: boolean;
}

/** Exchanges input and output with a started program. The owner of `interrupt` stops it. */
export async function exchange(all: Exchange): Promise<Exchanged> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let size = 0;
  const keep = (into: Buffer[]) => (chunk: Buffer) => {
    if (all.interrupt.signal.aborted) return;
    size += chunk.length;
    together += chunk.length;
    into.push(chunk);
    if (size <= MOST_OUTPUT && together <= MOST_TOGETHER) return;
    all.interrupt.abort(all.failures.tooBig());
    // Keep no output while the command is being stopped.
    for (const chunks of [out, err]) chunks.length = 0;
  };
  const opening = new Opening(all, keep(err));
  all.program.stdout.on('data', keep(out));
  all.program.stderr.on('data', (chunk: Buffer) => opening.read(chunk));
  if (!all.password) opening.sendStdin();
  const ending = await all.program.ended;
  together -= size;
  const stdout = Buffer.concat(out);
  const output = {
    stdout: withinFrame(all.token, stdout).toString(),
    stderr: beforeEnd(all.token, Buffer.concat(err)).toString(),
  };
  const whole = hasEnd(all.token, stdout);
  return { ending, output, before: opening.before, begun: opening.begun, whole };
}

/** Reads stderr until the command begins: sudo's prompt, then the announcement. */
class Opening {
  readonly #all: Exchange;
  readonly #after: (chunk: Buffer) => void;
  #held = '';
  #asked = 0;
  begun = false;

  constructor(all: Exchange, after: (chunk: Buffer) => void) {
    this.#all = all;
    this.#after = after;
  }

  get before(): string {
    return Buffer.from(this.#held.replaceAll(`${this.#all.token}?`, ''), 'latin1').toString();
  }

  read(chunk: Buffer): void {
    if (this.begun) return this.#after(chunk);
    // latin1 preserves bytes, so what follows the announcement can be passed on unchanged.
    this.#held = (this.#held + chunk.toString('latin1')).slice(-MOST_BEFORE);
    const announcement = new RegExp(`${this.#all.token} (\\d+)\\n`).exec(this.#held);
    if (announcement) this.#begin(announcement);
    else this.#answer();
  }

  #begin(announcement: RegExpExecArray): void {
    this.begun = true;
    this.#all.onBegun(Number(announcement[1]));
    const rest = this.#held.slice(announcement.index + announcement[0].length);
    if (rest !== '') this.#after(Buffer.from(rest, 'latin1'));
    if (this.#all.password) this.sendStdin();
  }

  /** Writes the password only after sudo's prompt; a second prompt means that it was wrong. */
  #answer(): void {
    const { password, interrupt, failures, program, token } = this.#all;
    const questions = this.#held.split(`${token}?`).length - 1;
    if (!password || questions <= this.#asked) return;
    this.#asked = questions;
    if (questions > 1) return interrupt.abort(failures.wrongPassword());
    password().then(
      (text) => {
        program.stdin.on('error', () => undefined);
        // A line break would pass the rest of the password to the command as input.
        if (/[\r\n\0]/.test(text)) interrupt.abort(failures.wrongPassword());
        else program.stdin.write(`${text}\n`);
      },
      (error: unknown) => interrupt.abort(error),
    );
  }

  sendStdin(): void {
    const { stdin, program, interrupt, failures } = this.#all;
    feed(stdin, program, interrupt.signal).catch((error: unknown) => interrupt.abort(failures.stdin(error)));
  }
}

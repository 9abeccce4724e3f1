import { randomBytes } from 'node:crypto';
import { beforeEnd, hasEnd, withinFrame } from './framing.ts';
import { feed } from './stdin.ts';
import type { Command, Output } from './host.ts';
import type { Ending, Program } from './program.ts';
import { shellFile } from '../../text-files.ts';

/** What a command may print on stdout and stderr together; more is a Problem. Bytes. */
export const MOST_OUTPUT = 24 * 1024 * 1024;

/** What all commands that run at the same time may have printed together: many VMs must not fill this machine's memory. */
const MOST_TOGETHER = 64 * 1024 * 1024;
let together = 0;

const ANNOUNCE = shellFile(new URL('./announce.sh', import.meta.url)).text;

/** What may stand before the announcement: a lecture of sudo, words of login files. Characters. */
const MOST_BEFORE = 65_536;

/** The token is new for each command: no output can pretend to be the announcement. */
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
  /** Given when sudo may ask: stdin is then held back until the command has begun. */
  readonly password?: () => Promise<string>;
  /** Aborted to give the command up; the reason is thrown by the caller. */
  readonly interrupt: AbortController;
  /** Makes what is thrown for a failure that is met here. */
  readonly failures: {
    readonly tooBig: () => Error;
    readonly stdin: (cause: unknown) => Error;
    readonly wrongPassword: () => Error;
  };
  /** Told the process id as soon as the command has begun. */
  readonly onBegun: (pid: number) => void;
}

export interface Exchanged {
  readonly ending: Ending;
  readonly output: Omit<Output, 'exitCode'>;
  /** What was said on stderr before the command began: sudo, a login shell, a forced command. */
  readonly before: string;
  readonly begun: boolean;
  /** Whether the command was seen to end: its shell may have been killed before. */
  readonly whole: boolean;
}

/** Holds one conversation with a started program. Does not stop it: the owner of `interrupt` does. */
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
    // Not kept while the command is being stopped.
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

/** The part of stderr until the command begins: sudo's question, then the announcement. */
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
    // latin1 keeps the bytes apart, so that what follows the announcement can be given on unharmed.
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

  /** The password is written only when sudo's own question was seen; a second question means that it was wrong. */
  #answer(): void {
    const { password, interrupt, failures, program, token } = this.#all;
    const questions = this.#held.split(`${token}?`).length - 1;
    if (!password || questions <= this.#asked) return;
    this.#asked = questions;
    if (questions > 1) return interrupt.abort(failures.wrongPassword());
    password().then(
      (text) => {
        program.stdin.on('error', () => undefined);
        // A line break would hand the rest of the password to the command as its input.
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

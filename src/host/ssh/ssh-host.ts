import type { Duplex } from 'node:stream';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { hostProblems } from '../../problems/host.ts';
import { Commands } from '../run/commands.ts';
import type { Command, Host, Link, Output } from '../run/host.ts';
import type { Ending, Program } from '../run/program.ts';
import { shellLine, writePrefix } from '../run/shell-line.ts';
import type { ClientChannel } from './ssh2.ts';
import { linkOf } from './ssh-link.ts';
import { type LoggedIn, type Login, login } from './ssh-login.ts';
import type { Sudo } from '../run/sudo.ts';

/** sshd's MaxSessions is 10: 8 commands, and 2 to stop commands. */
const MOST_COMMANDS = 8;
/** How long a peer may take to close the connection. */
const FAREWELL_MS = 1000;

export interface SshTarget extends Login {
  readonly sudo?: Sudo | undefined;
  /** Replaces the time limit of each command, in milliseconds. */
  readonly limitMs?: number | undefined;
}

/** A machine reached over SSH: one connection, one channel for each command. */
export class SshHost implements Host {
  readonly name: string;
  /** The verified host key, and why it is trusted. */
  readonly hostKey: Pick<LoggedIn, 'key' | 'judgement'>;
  readonly link: Link;
  readonly #client: LoggedIn['client'];
  readonly #commands: Commands;
  /** Closes what the connection runs through: a jump host, a ProxyCommand. */
  readonly #beneath: (() => Promise<void> | void)[] = [];
  #lost: string | undefined;

  private constructor(target: SshTarget, loggedIn: LoggedIn) {
    this.name = target.host;
    this.hostKey = loggedIn;
    this.link = { ...linkOf(target.stream, loggedIn.key), open: (address, port) => this.forward(address, port) };
    this.#client = loggedIn.client;
    this.#commands = new Commands({
      name: this.name,
      launch: (argv, doing) => this.#launch(argv, doing),
      most: MOST_COMMANDS,
      sudo: target.sudo,
      limitMs: target.limitMs,
    });
    this.#client.on('error', (error) => (this.#lost ??= error.message));
    this.#client.on('close', () => (this.#lost ??= 'the peer closed the connection'));
  }

  /** Throws a Problem: host key, authentication, time limit, or not an SSH server. */
  static async connect(target: SshTarget): Promise<SshHost> {
    return new SshHost(target, await login(target));
  }

  run(command: Command, signal?: AbortSignal): Promise<Output> {
    return this.#commands.run(command, signal);
  }

  /** Opens a connection from this machine to another, for a jump. Throws a Problem if the machine refuses. */
  forward(address: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const refused = (error: Error) =>
        reject(hostProblems.forwardRefused({ jump: this.name, address, port, reason: error.message }, error));
      try {
        this.#client.forwardOut('127.0.0.1', 0, address, port, (error, channel) =>
          error ? refused(error) : resolve(channel),
        );
      } catch (error) {
        refused(error as Error); // "Not connected" is thrown, not given to the callback
      }
    });
  }

  /** Calls `end` after the connection is closed. */
  onClose(end: () => Promise<void> | void): this {
    this.#beneath.push(end);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#lost !== undefined) return resolve();
      this.#client.once('close', resolve);
    });
    this.#client.end();
    // A dead peer would keep the socket, and this process, until TCP gives up. Closing what is beneath ends the socket: ssh2's
    // `destroy` does nothing after its side has ended.
    await Promise.race([closed, delay(FAREWELL_MS, undefined, { ref: false })]);
    for (const end of this.#beneath) await end();
  }

  #launch(argv: readonly string[], doing: string): Promise<Program> {
    const lost = (error: Error) =>
      hostProblems.connectionLost({ host: this.name, doing, reason: this.#lost ?? error.message }, error);
    const shell = shellLine(argv);
    return new Promise((resolve, reject) => {
      try {
        this.#client.exec(shell.line, (error, channel) => {
          if (!error) {
            writePrefix(channel, shell);
            resolve(this.#program(channel));
          } else if (this.#lost !== undefined || !('reason' in error)) reject(this.#refused(error, doing, lost));
          else reject(hostProblems.channelRefused({ host: this.name, doing, reason: error.message }, error));
        });
      } catch (error) {
        reject(lost(error as Error)); // "Not connected" is thrown, not given to the callback
      }
    });
  }

  #refused(error: Error, doing: string, lost: (error: Error) => Error): Error {
    if (this.#lost !== undefined || /No response/.test(error.message)) return lost(error);
    return hostProblems.shellUnusable({ host: this.name, doing, said: error.message }, error);
  }

  #program(channel: ClientChannel): Program {
    let exitCode: number | undefined;
    channel.on('exit', (code: number | null, signal?: string) => {
      exitCode = code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
    });
    const closed = (stream: NodeJS.EventEmitter) => new Promise((resolve) => stream.once('close', resolve));
    const ended = Promise.all([closed(channel), closed(channel.stderr)]).then((): Ending => {
      if (this.#lost !== undefined) return { lost: this.#lost };
      return exitCode === undefined ? { lost: 'the channel was closed' } : { exitCode };
    });
    const close = () => {
      channel.close();
      channel.resume();
      channel.stderr.resume();
    };
    return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close };
  }
}

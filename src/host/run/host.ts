import type { Readable } from 'node:stream';

/** What a command reads. A function gives a new stream on each call, so that a command can be sent again. */
export type Stdin = string | Uint8Array | (() => Readable);

/** One program to run. Secrets travel in `stdin`, never in `argv`, which other users can read in `ps`. */
export interface Command {
  readonly argv: readonly [program: string, ...args: string[]];
  readonly stdin?: Stdin;
  readonly asRoot?: boolean;
  /** Milliseconds until the command is given up as a Problem; 60 000 when absent. */
  readonly timeoutMs?: number;
}

export interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A machine that can run a command: over SSH, the machine meshx itself runs on, or a directory that will become an image.
 * A non-zero exit is an answer, not an exception; a lost connection, a time limit and an abort throw a Problem.
 */
export interface Host extends AsyncDisposable {
  /** How the operator calls the machine; it stands in messages. */
  readonly name: string;
  run(command: Command, signal?: AbortSignal): Promise<Output>;
  /** How an SSH connection goes; absent where meshx does not hold the connection itself. */
  readonly link?: Link;
}

export interface Link {
  /** Both ends as this machine sees them; absent behind a jump host or a ProxyCommand. */
  readonly direct?: { readonly local: string; readonly localPort: number; readonly remote: string };
  /** Whether the same host key answers at this address. Never throws. */
  readonly isAt: (address: string, port: number) => Promise<boolean>;
}

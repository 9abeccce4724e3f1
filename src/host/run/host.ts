import type { Duplex, Readable } from 'node:stream';

/** The input of a command. A function returns a new stream on each call, so a command can be sent again. */
export type Stdin = string | Uint8Array | (() => Readable);

/** One program to run. Secrets go in `stdin`, never in `argv`, which other users can read in `ps`. */
export interface Command {
  readonly argv: readonly [program: string, ...args: string[]];
  readonly stdin?: Stdin;
  readonly asRoot?: boolean;
  /** Time limit in milliseconds, after which a Problem is thrown; 60 000 by default. */
  readonly timeoutMs?: number;
}

export interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A machine that runs commands: over SSH, the machine that meshx runs on, or an image directory.
 * A non-zero exit is a result, not an exception; a lost connection, a time limit and an abort throw a Problem.
 */
export interface Host extends AsyncDisposable {
  /** The operator's name for the machine, for messages. */
  readonly name: string;
  run(command: Command, signal?: AbortSignal): Promise<Output>;
  /** The SSH connection; absent if the system's ssh holds it. */
  readonly link?: Link;
}

export interface Link {
  /** Both ends as this machine sees them; absent with a jump host or a ProxyCommand. */
  readonly direct?: { readonly local: string; readonly localPort: number; readonly remote: string };
  /** Whether a host with the same key answers at this address. Never throws. */
  readonly isAt: (address: string, port: number) => Promise<boolean>;
  /** Opens a connection from the machine to an address. Throws `ssh-forward-refused`. */
  readonly open: (address: string, port: number) => Promise<Duplex>;
}

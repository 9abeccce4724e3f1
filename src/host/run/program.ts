import type { Readable, Writable } from 'node:stream';

/** How a program ended. Without an answer of its own the connection to it was lost. */
export type Ending = { readonly exitCode: number } | { readonly lost: string };

/** A started program: what SSH, the local machine and the system's ssh have in common. */
export interface Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the program has ended and its output is complete. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Lets go of the program at once; `ended` follows. Its stdin ends with that, so stop it by a signal first. */
  close(): void;
}

/** Starts a program. Throws a Problem when the machine or the connection does not let it start. */
export type Launch = (argv: readonly string[], doing: string) => Promise<Program>;

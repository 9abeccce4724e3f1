import type { Readable, Writable } from 'node:stream';

/** How a program ended. Without an exit code the connection was lost. */
export type Ending = { readonly exitCode: number } | { readonly lost: string };

/** A started program, over SSH, on the local machine or over the system's ssh. */
export interface Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the program has ended and its output is complete. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Closes all streams at once; `ended` follows. This ends stdin, so signal the program first. */
  close(): void;
}

/** Starts a program. Throws a Problem if the machine or the connection refuses. */
export type Launch = (argv: readonly string[], doing: string) => Promise<Program>;

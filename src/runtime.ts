/** One line, or several. A line break within one is shown as an escape: no value can pretend to be a line of its own. */
export type Lines = string | readonly string[];

export type Say = (lines: Lines) => void;

/** The outside world, as a command may touch it. main.ts builds the real one; tests build another one. */
export interface Runtime {
  /** The product. A string keeps its line breaks (a file, a document); of lines, each is one line. */
  readonly out: Say;
  /** Progress and problems: one line, or several. `paint` adds color when the text holds nothing harmful any more. */
  readonly err: (lines: Lines, paint?: (text: string) => string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly now: () => Date;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** True when err is a terminal that shows colors. */
  readonly color: boolean;
  /** Version of meshx, from package.json. */
  readonly version: string;
  /** All of stdin, for a secret that comes through a pipe. */
  readonly readStdin?: () => Promise<string>;
  /** Asks a person for a secret without showing it; absent when nobody sits there. */
  readonly askSecret?: ((question: string) => Promise<string>) | undefined;
  /** Asks a person and gives the line that was typed; absent when nobody sits there. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** Adds to the commands in a hint what was typed about the way to VM and cluster; absent before a command is known. */
  readonly complete?: (hint: string) => string;
  /** Hears of everything that took time; absent without --timings. */
  readonly record?: (span: Span) => void;
}

/** One thing that took time: a connection, a command on a VM, a request to the API, a step, a proof, a wait. */
export interface Span {
  readonly kind: 'connection' | 'command' | 'request' | 'step' | 'proof' | 'wait';
  readonly name: string;
  /** Which machine or cluster. */
  readonly where: string;
  /** Milliseconds that it took; it ended when it is recorded. */
  readonly ms: number;
  /** Bytes, before compression and encryption. */
  readonly sent?: number;
  readonly received?: number;
}

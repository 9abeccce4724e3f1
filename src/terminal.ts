import type { Lines, Say } from './world.ts';

/** How much of a run is printed: results and problems; what is done; when it starts, and what it says; what is sent for it. */
export const VERBOSITIES = ['quiet', 'normal', 'verbose', 'debug'] as const;
export type Verbosity = (typeof VERBOSITIES)[number];

/** Lines at the end of a terminal, which are replaced while other text is printed above them. */
export interface LiveLines {
  /** How many lines there is room for now. */
  readonly room: () => number;
  /** Replaces the lines; none removes them. */
  readonly show: (lines: readonly string[]) => void;
}

/** The operator's side of a command: what it prints and asks. Only the command line touches it. */
export interface Terminal {
  /** The product. A string keeps its line breaks (a file, a document); of lines, each is one line. */
  readonly out: Say;
  /** Replaces what is on the screen by these lines; absent if stdout is no screen. */
  readonly redraw?: ((lines: readonly string[]) => void) | undefined;
  /** Lines that change below all others; absent if stderr is no screen, or is to have plain lines only. */
  readonly live?: LiveLines | undefined;
  /** Prints progress that is wanted from this verbosity on. A log file gets all of it. */
  readonly tell: (from: Verbosity, lines: Lines) => void;
  /** How much of a run is printed. */
  readonly verbosity: Verbosity;
  /** Progress and problems: one line, or several. `paint` adds color when the text holds nothing harmful any more. */
  readonly err: (lines: Lines, paint?: (text: string) => string) => void;
  /** True when err is a terminal that shows colors. */
  readonly color: boolean;
  /** All of stdin, for a secret that comes through a pipe. */
  readonly readStdin?: () => Promise<string>;
  /** Asks a person for a secret without showing it; absent when no one sits there. */
  readonly askSecret?: ((question: string) => Promise<string>) | undefined;
  /** Asks a person and gives the line that was typed; absent when no one sits there. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** Adds the given options to commands in a hint, and those that were answered since; absent before the command is known. */
  readonly complete?: (hint: string, answered?: Readonly<Record<string, unknown>>) => string;
}

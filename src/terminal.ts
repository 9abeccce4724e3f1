import type { Lines, Say } from './world.ts';

/** The operator's side of a command: what it prints and asks. Only the command line touches it. */
export interface Terminal {
  /** The product. A string keeps its line breaks (a file, a document); of lines, each is one line. */
  readonly out: Say;
  /** Replaces what is on the screen by these lines; absent if stdout is no screen. */
  readonly redraw?: ((lines: readonly string[]) => void) | undefined;
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
  /** Adds the given connection options to commands in a hint; absent before the command is known. */
  readonly complete?: (hint: string) => string;
}

/** The outside world, as a command may touch it. main.ts builds the real one; tests build another one. */
export interface Runtime {
  /** The product: a file, a plan, JSON. One line, or text that ends itself. */
  readonly out: (text: string) => void;
  /** Progress and problems. */
  readonly err: (text: string) => void;
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
  readonly askSecret?: (question: string) => Promise<string>;
}

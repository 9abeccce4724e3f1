/** One line, or several. A line break within one is shown as an escape: no value can pretend to be a line of its own. */
export type Lines = string | readonly string[];

export type Say = (lines: Lines) => void;

/** What a use case may touch besides the hosts and clusters that it is given: clock, surroundings, and the end of the run. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly now: () => Date;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Version of meshx, from package.json. */
  readonly version: string;
  /** Path of the single executable that meshx is; absent when Node.js runs it. */
  readonly executable?: string;
  /** Hears remarks that are part of no report: the cluster that is used, a host key that was recorded. */
  readonly note: Say;
  /** Hears of everything that took time; absent without --timings. */
  readonly record?: (span: Span) => void;
}

/** One thing that took time: a connection, a command on a VM, a request to the API, a step, a check, a wait. */
export interface Span {
  readonly kind: 'connection' | 'command' | 'request' | 'step' | 'check' | 'wait';
  readonly name: string;
  /** Which machine or cluster. */
  readonly where: string;
  /** Milliseconds that it took; it ended when it is recorded. */
  readonly ms: number;
  /** Bytes, before compression and encryption. */
  readonly sent?: number;
  readonly received?: number;
  /** Of a command on a VM; absent if it did not end. */
  readonly exitCode?: number;
  /** The words of a command on a VM, without the text of its script and without its input. */
  readonly words?: readonly string[];
}

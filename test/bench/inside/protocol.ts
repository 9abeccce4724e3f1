/** What is asked of the process at the operator's seat (test/bench/inside/server.ts), a JSON object each. */
export type Question =
  | ({ readonly ask: 'spawn' } & Spawn)
  /** Connects by meshx's own SshHost, runs `true`, closes. */
  | { readonly ask: 'cold'; readonly vm: string }
  /** The same on a connection that is open. */
  | { readonly ask: 'open'; readonly vm: string }
  /** Connects, and writes a file through the stdin of a command. */
  | { readonly ask: 'copy'; readonly vm: string; readonly from: string; readonly to: string }
  /** Makes Services with the numbers `first` to `last` - 1. */
  | { readonly ask: 'services'; readonly namespace: string; readonly first: number; readonly last: number }
  /** Sends bytes to a port of a machine, and waits until it has closed the connection. */
  | { readonly ask: 'send'; readonly address: string; readonly port: number; readonly bytes: number };

export interface Spawn {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds after which it is killed with its process group. */
  readonly limitMs: number;
  /** True measures the memory of the process and its children while they run. */
  readonly memory?: boolean;
}

/** How a program ran. */
export interface Spawned {
  readonly ms: number;
  /** Absent when the limit ended it. */
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
  /** KiB: of one process its own peak; of several the highest sum of their shares, as far as it was seen. */
  readonly peakKib?: number;
}

import type { Output } from '../host/run/host.ts';
import type { Script } from '../host/run/shell.ts';

/** A token is one line, sent unchanged; PEM has many lines, sent as one line of base64. */
export type SecretForm = 'token' | 'pem';

/** How a file is packed on its way. */
export type Packing = 'gzip' | 'zstd';

/** Bytes that a plan names but does not contain: a secret by its name, or a file of the operator's machine. */
export type Source =
  | { readonly secret: string; readonly form?: SecretForm }
  | {
      readonly file: string;
      readonly sha256: string;
      /** What the machine can unpack; a Node.js without zstd sends gzip. */
      readonly packing?: Packing;
    }
  | {
      readonly directory: string;
      readonly sha256?: string;
      /** Entries with another path on the VM: `pilot-agent` → `usr/local/bin/pilot-agent`. */
      readonly as?: Readonly<Record<string, string>>;
    };

/** One script of a plan, as data that can be printed, stored and compared. Always run as root. */
export interface PlannedScript {
  readonly script: Script;
  readonly stdin?: string;
  readonly source?: Source;
  readonly timeoutMs?: number;
  /** Only writes bytes to a directory of meshx, so it may start before its turn. */
  readonly early?: true;
}

/** A change to a resource. */
export interface Change {
  /** Imperative, for reports: "create /etc/…", "restart istio.service". Never a secret. */
  readonly summary: string;
  readonly scripts: readonly PlannedScript[];
}

/** What a change may alter on the machine; the journal has the state before the first change. */
export interface Touches {
  readonly paths?: readonly string[];
  /** Paths that are ours with all their content, if they were absent before. */
  readonly trees?: readonly string[];
  readonly units?: readonly string[];
  readonly users?: readonly string[];
  readonly packages?: readonly string[];
}

/** A read-only query of the machine, a function of probes.root.sh. */
export interface Probe {
  readonly name: string;
  readonly args: readonly string[];
  /** A path whose owner, mode and digest it needs: these are read for all probes at once. */
  readonly sees?: string;
  /** A unit whose state it needs: systemd is asked for all units at once. */
  readonly shows?: string;
}

/** How meshx reads and changes one kind of resource. `changes` must be pure. */
export interface Kind<Want> {
  /** Unique in a plan: `file:/etc/hosts`. */
  id(want: Want): string;
  probe(want: Want): Probe;
  /** `touched` has the resources that earlier changes in the plan will alter, and their paths as `path:/etc/…`. */
  changes(want: Want, answer: Output, touched: ReadonlySet<string>): readonly Change[];
  /** `answer` is the probe's answer, for a kind that changes different things on a machine and in an image. */
  touches(want: Want, answer: Output): Touches;
  /** The path of a file that several resources of the kind may edit. */
  shared?(want: Want): string;
  /** The probe's answer after `changes`, for the plan of the next resource of the same file. Pure. */
  expects?(want: Want, answer: Output): Output;
}

import type { Output } from '../host/run/host.ts';
import type { Script } from '../host/run/shell.ts';

/** A token is one line and travels as it is; PEM is many lines and travels as one line of base64. */
export type SecretForm = 'token' | 'pem';

/** Bytes that a plan names but does not hold: a secret by its name, or a file of the operator's machine. */
export type Source =
  | { readonly secret: string; readonly form?: SecretForm }
  | { readonly file: string; readonly sha256: string }
  | {
      readonly directory: string;
      readonly sha256?: string;
      /** Entries that go to another place than their name says: `pilot-agent` → `usr/local/bin/pilot-agent`. */
      readonly as?: Readonly<Record<string, string>>;
    };

/** One script of a plan: data only, so that a plan can be printed, kept in a file and compared. Always run as root. */
export interface PlannedScript {
  readonly script: Script;
  readonly stdin?: string;
  readonly source?: Source;
  readonly timeoutMs?: number;
  /** Only lays bytes down in a folder of meshx: it may begin before its turn, while nothing else was changed yet. */
  readonly early?: true;
}

/** What to do about a resource that is not yet as wanted. */
export interface Change {
  /** Imperative, for people: "create /etc/…", "restart istio.service". Never a secret. */
  readonly summary: string;
  readonly scripts: readonly PlannedScript[];
}

/** What a change may alter on the machine; the journal keeps the state of each before the first change. */
export interface Touches {
  readonly paths?: readonly string[];
  /** Paths that are ours with all that is ever in them, where they were absent before. */
  readonly trees?: readonly string[];
  readonly units?: readonly string[];
  readonly users?: readonly string[];
  readonly packages?: readonly string[];
}

/** A question that a machine can be asked; probes.root.sh has it, under its name. It only reads. */
export interface Probe {
  readonly name: string;
  readonly args: readonly string[];
  /** A path whose owner, mode and digest it asks for: they are read for all questions at once. */
  readonly sees?: string;
}

/** How meshx looks at one kind of resource. `changes` must be pure. */
export interface Kind<Want> {
  /** Unique in a plan: `file:/etc/hosts`. */
  id(want: Want): string;
  probe(want: Want): Probe;
  /** `touched` names the resources that earlier changes in the same plan will alter, and their paths as `path:/etc/…`. */
  changes(want: Want, answer: Output, touched: ReadonlySet<string>): readonly Change[];
  /** `answer` is what the probe said, for a kind that changes different things on a machine and in an image. */
  touches(want: Want, answer: Output): Touches;
  /** Several resources of the kind may change one thing; this is its name (the path of the file that they edit). */
  shared?(want: Want): string;
  /** What the probe would answer after `changes`: with it the next resource that shares the thing is planned. Pure. */
  expects?(want: Want, answer: Output): Output;
}

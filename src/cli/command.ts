import type { Terminal } from '../terminal.ts';
import type { World } from '../world.ts';
import type { CommonName, OptionLine } from './options.ts';
import type { Settings } from './settings/setting.ts';

/** What a command may touch: the world of use cases, and the terminal. */
export interface Surroundings {
  readonly world: World;
  readonly terminal: Terminal;
}

/** One call of a command: its arguments and options, and what it may touch. */
export interface Call extends Surroundings {
  /** The positional arguments in their order; a repeated one gives its words one after another. */
  readonly args: readonly string[];
  /** Given options by their camelCase names, those before the verb included. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Switches of the command that are on unless `--no-…` is given. */
  readonly on?: readonly string[];
  /** Values of options that settings files give. Flags and variables win. */
  readonly settings?: Settings;
  /** Options whose variable or setting does not count: one with precedence excludes them. */
  readonly excluded?: ReadonlySet<string>;
}

/** `<name>`, `[name]` or `<name...>` and what it is. */
type Argument = readonly [syntax: string, description: string];

/** One command as data. What it runs is loaded only when it is called, so that `--help` stays fast. */
export interface CommandSpec {
  /** One word, or two for a command under a group: `expose apply`. */
  readonly name: string;
  /** Imperative, without a full stop. */
  readonly summary: string;
  readonly args: readonly Argument[];
  /** Options of this command alone. */
  readonly options: readonly OptionLine[];
  /** The common options that it understands; they may also come before the verb. */
  readonly common: readonly CommonName[];
  /** Command lines without the leading `meshx`; a test parses each. */
  readonly examples: readonly string[];
  /**
   * `all` are all commands. Returns an exit code other than 0 only as an answer, such as 3 for "the plan is not empty".
   */
  readonly run: (call: Call, all: readonly CommandSpec[]) => Promise<number | void>;
}

import { cliProblems } from '../problems/cli.ts';
import { Issues } from '../problems/issues.ts';
import { shown } from '../problems/mesh.ts';
import type { Call } from './command.ts';
import { legacyValue } from './legacy-environment.ts';
import type { SettingValue } from './settings/setting.ts';
import { truthOf } from './truth.ts';
import { variableOf } from './variables.ts';

/**
 * The parsed command line. Order of precedence: flag, MESHX_… variable, variable of Istio's old scripts, the project's
 * settings file, the operator's own; the context's value and the default are the caller's. An option that one with
 * precedence excludes counts as not given. Issues are collected and thrown together by `accept`.
 */
export class Input {
  readonly call: Call;
  readonly #command: string;
  readonly #issues = new Issues();

  constructor(command: string, call: Call) {
    this.#command = command;
    this.call = call;
  }

  /** The value of an option, by its camelCase name. An empty one counts as not given. */
  text(name: string): string | undefined {
    const given = this.call.given[name];
    const setting = this.#setting(name);
    const value =
      typeof given === 'string'
        ? given
        : (this.#variable(name) ?? (typeof setting === 'object' ? setting.join(',') : setting));
    return value === undefined || value === '' ? undefined : String(value);
  }

  /** The switch that was given, else whether it is on by default. */
  flag(name: string): boolean {
    const given = this.call.given[name];
    if (typeof given === 'boolean') return given;
    const value = this.#isExcluded(name) ? undefined : this.call.world.env[variableOf(name)];
    const setting = this.#setting(name);
    const fallback = typeof setting === 'boolean' ? setting : this.call.on?.includes(name) === true;
    if (value === undefined) return fallback;
    const truth = truthOf(value);
    if (truth !== undefined) return truth;
    const issue = `${variableOf(name)}: ${shown(value)} is neither true nor false`;
    // Thrown at once, because a flag may be read after the input was accepted.
    throw cliProblems.invalidInput({ command: this.#command, issues: [issue] });
  }

  /** Values of a repeatable option; each may hold several, separated by commas. */
  list(name: string): readonly string[] {
    const given = this.call.given[name];
    const words: unknown[] = Array.isArray(given) ? given : [this.text(name) ?? ''];
    return words.flatMap((word) => String(word).split(',')).filter((word) => word !== '');
  }

  /** One of a few values. */
  choice<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.text(name);
    const found = words.find((word) => word === text);
    if (text !== undefined && !found)
      this.issue(`${this.#label(name)}: ${shown(text)} is not one of ${words.join(', ')}`);
    return found;
  }

  /** A whole number in a range. */
  number(name: string, [least, most]: readonly [number, number]): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    this.issue(`${this.#label(name)}: ${shown(text)} is not a whole number from ${least} to ${most}`);
    return undefined;
  }

  /** The value of an option through a parser that throws a Problem. */
  parsed<Value>(name: string, parse: (text: string) => Value): Value | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.attempt(flagOf(name), () => parse(text));
  }

  /** Records the Problem of a parser; undefined then. `what` is the flag of an option, or another name of what is parsed. */
  attempt<Value>(what: string, parse: () => Value): Value | undefined {
    return this.#issues.attempt(/^--[a-z-]+$/.test(what) ? this.#label(nameOf(what)) : what, parse);
  }

  issue(text: string): void {
    this.#issues.add(text);
  }

  /** Throws all issues as one Problem; to be called before anything is read from outside or changed. */
  accept(): void {
    const issues = this.#issues.all();
    if (issues.length > 0) throw cliProblems.invalidInput({ command: this.#command, issues });
  }

  #isExcluded(name: string): boolean {
    return this.call.excluded?.has(name) === true;
  }

  #setting(name: string): SettingValue | undefined {
    return this.#isExcluded(name) ? undefined : this.call.settings?.get(name)?.value;
  }

  #variable(name: string): string | undefined {
    if (this.#isExcluded(name)) return undefined;
    const { env } = this.call.world;
    return env[variableOf(name)] ?? legacyValue(name, env);
  }

  /** The flag of an option, or the place in a settings file that gives its value. */
  #label(name: string): string {
    const isTyped = this.call.given[name] !== undefined || this.#variable(name) !== undefined;
    const where = isTyped ? undefined : this.call.settings?.get(name)?.where;
    return where === undefined ? flagOf(name) : `${where}: ${flagOf(name).slice(2)}`;
  }
}

/** `--service-cidr` for serviceCidr. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function nameOf(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}

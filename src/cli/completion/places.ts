import type { CommandSpec } from '../command.ts';
import type { OptionLine } from '../options.ts';
import { present } from '../../present.ts';
import { argumentValues, optionValues, type Values } from './values.ts';
import { COMMON, EVERY_OPTIONS } from '../options.ts';

/** Something that may be typed next. */
interface Word {
  readonly word: string;
  readonly description: string;
}

export interface OptionWord {
  /** Without its dashes. */
  readonly long: string;
  readonly short?: string;
  /** True when a word belongs to it. */
  readonly valued: boolean;
  readonly description: string;
  /** What its word may be. */
  readonly values?: Values;
}

/** A point of the command line, named by the command so far: `meshx`, `meshx expose`, `meshx expose apply`. */
export interface Place {
  readonly commands: string;
  readonly words: readonly Word[];
  readonly options: readonly OptionWord[];
  /** What each argument may be. */
  readonly args?: readonly (Values | undefined)[];
}

const HELP: OptionLine = ['-h, --help', 'print this help'];

/** Every place of the command line, from the same definitions as the help. The first one is the start. */
export function places(commands: readonly CommandSpec[]): readonly Place[] {
  const groups = [...new Set(commands.flatMap(({ name }) => (name.includes(' ') ? [firstOf(name)] : [])))];
  return [
    {
      commands: 'meshx',
      words: starts(commands),
      options: [['--version', 'print the version'] as const, HELP].map(optionWord),
    },
    ...groups.map((group) => ({
      commands: `meshx ${group}`,
      words: verbs(commands, group),
      options: [optionWord(HELP)],
    })),
    ...commands.map((spec) => ({
      commands: `meshx ${spec.name}`,
      words: [],
      options: optionsOf(spec),
      args: argumentValues(spec),
    })),
  ];
}

/** Options of all commands that take a value: the word behind one is no command. */
export function valuedFlags(all: readonly Place[]): string {
  const valued = all.flatMap(({ options }) => options).filter((option) => option.valued);
  return [...new Set(valued.flatMap(flags))].join(' ');
}

/** `-n` and `--namespace`. */
export function flags({ long, short }: OptionWord): readonly string[] {
  return [...(short === undefined ? [] : [`-${short}`]), `--${long}`];
}

function starts(commands: readonly CommandSpec[]): readonly Word[] {
  const first = commands.map(({ name, summary }) => ({ word: firstOf(name), description: summary }));
  return first.filter(({ word }, index) => first.findIndex((other) => other.word === word) === index);
}

function verbs(commands: readonly CommandSpec[], group: string): readonly Word[] {
  const own = commands.filter(({ name }) => name.startsWith(`${group} `));
  return own.map(({ name, summary }) => ({ word: name.slice(group.length + 1), description: summary }));
}

function optionsOf(spec: CommandSpec): readonly OptionWord[] {
  const common = [...new Set([...spec.common, ...EVERY_OPTIONS])].map((name) => COMMON[name]);
  const own = new Set(spec.options.map(([syntax]) => syntax));
  return [...spec.options, ...common.filter(([syntax]) => !own.has(syntax)), HELP].map(optionWord);
}

/** `-n, --namespace <name>` taken apart. */
function optionWord([syntax, description]: OptionLine): OptionWord {
  const parts = /^(?:-(\w), )?--([\w-]+)( <.*>)?$/.exec(syntax);
  const [, short, long = '', value] = parts ?? [];
  const values = optionValues([syntax, description]);
  return { long, valued: value !== undefined, description, ...present({ short, values }) };
}

function firstOf(name: string): string {
  return name.split(' ')[0] ?? name;
}

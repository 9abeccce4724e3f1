import type { NameKind } from '../../operations/name-kinds.ts';
import { JOIN_RISKS } from '../../operations/join/options.ts';
import { FORGETTABLE } from '../../operations/join/recorded-options.ts';
import type { CommandSpec } from '../command.ts';
import { flagOf } from '../input.ts';
import type { OptionLine } from '../options.ts';

/** Values that may be typed: words, or names that `meshx completion --values KIND` prints. */
export type Values = readonly string[] | { readonly names: NameKind };

const NAMES: Readonly<Record<string, NameKind>> = {
  context: 'contexts',
  namespace: 'namespaces',
  'istio-namespace': 'namespaces',
  'workload-group': 'groups',
  'probe-client': 'hosts',
  vm: 'hosts',
};

const WORDS: Readonly<Record<string, readonly string[]>> = {
  'accept-risk': JOIN_RISKS,
  forget: FORGETTABLE.map((name) => flagOf(name).slice(2)),
};

/** The values of an option; undefined for free text and files. */
export function optionValues([flags, description]: OptionLine): Values | undefined {
  const name = /--([\w-]+) </.exec(flags)?.[1];
  if (name === undefined) return undefined;
  const kind = NAMES[name];
  return kind === undefined ? (WORDS[name] ?? wordsIn(description)) : { names: kind };
}

/** The values of each argument, in order. The last one counts for all that follow if it may be repeated. */
export function argumentValues({ args }: Pick<CommandSpec, 'args'>): readonly (Values | undefined)[] {
  return args.map(([syntax, description]) => (/^[<[]vm\b/.test(syntax) ? { names: 'hosts' } : wordsIn(description)));
}

/** A description that is a list: `text, json or yaml`, or one behind it in brackets. */
function wordsIn(description: string): readonly string[] | undefined {
  const list = /^(?:[a-z][\w+-]*, )*[a-z][\w+-]* or [a-z][\w+-]*$/.exec(description)?.[0];
  return list?.split(/, | or /);
}

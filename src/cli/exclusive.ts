import type { Call, CommandSpec } from './command.ts';
import { legacyValue } from './legacy-environment.ts';
import { truthOf } from './truth.ts';
import { variableOf } from './variables.ts';

/** The value of an option with the precedence of its source: the higher one wins. */
export interface Ranked {
  readonly name: string;
  readonly value: unknown;
  readonly rank: number;
}

/** An option with any value, or a switch with one of its values. */
type Side = string | readonly [name: string, value: boolean];

/** Two ways to say one thing, or a contradiction. Of two sources, the one with precedence decides; within one it is an issue. */
export const EXCLUSIVE: readonly (readonly [Side, Side])[] = [
  ['package', 'packageSource'],
  ['package', ['upgrade', true]],
  ['agentExecutable', ['agent', false]],
  ['manifests', 'kubeconfig'],
  ['manifests', 'context'],
  ['istiodAddress', 'gateway'],
  // MESHX_SUDO_PASSWORD has no option.
  ['sudoPasswordFile', 'sudoPassword'],
  [
    ['quiet', true],
    ['verbose', true],
  ],
  [
    ['quiet', true],
    ['debug', true],
  ],
  [
    ['vmOnly', true],
    ['clusterOnly', true],
  ],
  [['https', true], 'portName'],
  [['export', true], 'output'],
  ['for', 'group'],
  ['for', 'serviceAccount'],
  ['group', 'serviceAccount'],
  ['address', 'interface'],
  ['provider', 'externalIp'],
  ['provider', ['nodePort', true]],
  ['externalIp', ['nodePort', true]],
  [['all', true], 'keep'],
  ...['to', 'header', 'headerTo', 'requestTimeout', 'retries', 'perTryTimeout'].map(
    (name) => [['remove', true], name] as const,
  ),
  ['inbound', 'uid'],
  ['inbound', 'to'],
  [['reset', true], 'level'],
];

const [FLAG, VARIABLE] = [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER];

/** The options of a command whose variable or setting does not count, because an option with precedence excludes it. */
export function excludedIn(spec: Pick<CommandSpec, 'common' | 'options'>, call: Call): ReadonlySet<string> {
  const flags = spec.options.flatMap(([syntax]) => /--(?:no-)?([a-z0-9-]+)/.exec(syntax)?.[1] ?? []);
  const own = flags.map((flag) => flag.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase()));
  const taken = new Set<string>([...spec.common, ...own, 'sudoPassword', 'quiet', 'verbose', 'debug']);
  return outranked(NAMES.filter((name) => taken.has(name)).flatMap((name) => rankedIn(call, name) ?? []));
}

/** The same where a file gives options of other commands as if they had been typed. */
export function excludedByGiven(call: Call): ReadonlySet<string> {
  return outranked(NAMES.flatMap((name) => rankedIn(call, name) ?? []));
}

const NAMES: readonly string[] = [
  ...new Set(EXCLUSIVE.flat().map((side) => (typeof side === 'string' ? side : side[0]))),
];

function rankedIn({ given, settings, world: { env } }: Call, name: string): Ranked | undefined {
  if (given[name] !== undefined) return { name, value: given[name], rank: FLAG };
  const variable = env[variableOf(name)] ?? legacyValue(name, env);
  if (variable !== undefined) return { name, value: variable, rank: VARIABLE };
  const setting = settings?.get(name);
  return setting && { name, value: setting.value, rank: setting.rank };
}

/** The options that another one of a higher rank excludes. One that is itself excluded excludes nothing. Pure. */
export function outranked(all: readonly Ranked[]): ReadonlySet<string> {
  const kept: Ranked[] = [];
  const lost = new Set<string>();
  for (const each of all.toSorted((a, b) => (a.rank === b.rank ? 0 : b.rank - a.rank)))
    if (kept.some((other) => other.rank > each.rank && excludes(other, each))) lost.add(each.name);
    else kept.push(each);
  return lost;
}

function excludes(one: Ranked, other: Ranked): boolean {
  return EXCLUSIVE.some(([a, b]) => (isSide(one, a) && isSide(other, b)) || (isSide(one, b) && isSide(other, a)));
}

function isSide({ name, value }: Ranked, side: Side): boolean {
  if (typeof side !== 'string')
    return name === side[0] && (typeof value === 'boolean' ? value : truthOf(value)) === side[1];
  return name === side && value !== '' && !(Array.isArray(value) && value.length === 0);
}

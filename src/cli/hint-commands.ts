import { nameVm } from '../checks/vm-in-hints.ts';
import { toShell } from '../shell-words.ts';
import { SHORT, typedOption, withoutPassword } from './command-line.ts';
import type { Call, CommandSpec } from './command.ts';
import { flagOf } from './input.ts';
import { type CommonName, EVERY_OPTIONS } from './options.ts';

/**
 * A command of meshx in a hint, to be pasted: behind a colon or at the start of a line, up to the end of the line or to the
 * punctuation behind it. Elsewhere its name is part of a sentence.
 */
export const COMMAND = /(?<=: |^)meshx ((?:expose |fleet )?[a-z][a-z-]*)((?:(?!; | \(|\. |\.$|, | or |\)).)*)/gm;

/** What was called, and with what: typed or answered. */
export interface Called extends Pick<Call, 'args' | 'given'> {
  readonly name: string;
}

/** Options for the connection, which every command in a hint repeats. */
const WAY: readonly CommonName[] = [
  ...(['kubeconfig', 'context', 'manifests', 'namespace', 'istioNamespace', 'revision', 'project', 'zone'] as const),
  ...(['root', 'user', 'port', 'identityFile', 'sshConfig', 'knownHosts', 'hostKeyFingerprint'] as const),
  ...(['acceptNewHostKey', 'sudoPasswordFile'] as const),
];

/** Options about one run: what it shows and asks, and how many VMs at once. The next run has its own. */
const OF_ONE_RUN: readonly string[] = [
  ...EVERY_OPTIONS,
  ...['dryRun', 'exitCode', 'output', 'out', 'print', 'yes', 'parallel', 'planHash', 'fix', 'only', 'export', 'watch'],
];

/** Commands that take the same options for the same VM. */
const JOINS: readonly string[] = ['up', 'setup-vm', 'adopt'];

/** What an option of a hint replaces. */
const REPLACES: Readonly<Record<string, readonly string[]>> = {
  clusterOnly: ['vmOnly', 'verify', 'restore', 'keep', 'force'],
  vmOnly: ['clusterOnly'],
  agent: ['agentExecutable', 'agentMetricsPort'],
  agentExecutable: ['agent'],
};

/**
 * Adds the given connection options to each command of meshx in a text, where that command takes them and does not have
 * it yet. A command that repeats the called one, with another option, gets all options of that. `VM` is the one that was called for.
 */
export function completer(called: Called, commands: readonly CommandSpec[]): (text: string) => string {
  const vm = calledVm(called, commands);
  return (text) =>
    (vm === undefined ? text : nameVm(text, vm)).replace(COMMAND, (whole: string, name: string, rest: string) => {
      const spec = commands.find((each) => each.name === name);
      if (!spec || / --(help|version)\b/.test(rest)) return whole;
      const names = isRepeated(called, name, rest) ? [...WAY, ...optionsOf(called, spec, rest)] : WAY;
      const missing = [...new Set(names)].filter((option) => takes(spec, option) && !has(rest, option));
      const words = missing.flatMap((option) => typedOption([option, called.given[option]]));
      return words.length === 0 ? whole : `${whole} ${toShell(words.map(withoutPassword))}`;
    });
}

/** The VM that a command was called for; undefined for none, and for several. */
function calledVm({ name, args, given }: Called, commands: readonly CommandSpec[]): string | undefined {
  const words = commands.find((each) => each.name === name)?.args.map(([syntax]) => syntax) ?? [];
  const first = words.findIndex((syntax) => /^[<[]vm\b/.test(syntax));
  const ofVerify = name === 'verify' && ['vm', 'telemetry'].includes(args[0] ?? '') ? args.slice(1, 2) : [];
  const named = first < 0 ? ofVerify : args.slice(first, words[first]?.includes('...') ? undefined : first + 1);
  const { vm } = given;
  const all = [...new Set([...named, ...(typeof vm === 'string' ? [vm] : [])])];
  return all.length === 1 ? all[0] : undefined;
}

/** Whether the command is the called one, for all its arguments or for some of them. */
function isRepeated({ name, args }: Called, command: string, rest: string): boolean {
  const named = rest
    .replace(/ -.*/s, '')
    .split(' ')
    .filter((word) => word !== '');
  const isSame = name === command || (JOINS.includes(name) && JOINS.includes(command));
  return isSame && named.length > 0 && named.every((word) => args.includes(word));
}

function optionsOf({ given }: Called, spec: CommandSpec, rest: string): readonly string[] {
  const replaced = Object.entries(REPLACES).flatMap(([option, others]) => (has(rest, option) ? others : []));
  const without = [...OF_ONE_RUN, ...replaced];
  return Object.keys(given).filter((option) => !without.includes(option) && takes(spec, option));
}

function takes({ name, common, options }: CommandSpec, option: string): boolean {
  // There it is a key of sidecar.env.
  if (name === 'configure' && option === 'namespace') return false;
  const flag = new RegExp(`(?:^|, )--(?:no-)?${flagOf(option).slice(2)}(?: |$)`);
  return common.some((each) => each === option) || options.some(([flags]) => flag.test(flags));
}

function has(rest: string, option: string): boolean {
  const flag = flagOf(option);
  return [flag, flag.replace('--', '--no-'), SHORT[option] ?? flag].some((word) => ` ${rest} `.includes(` ${word} `));
}

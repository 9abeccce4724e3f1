import { toShell } from '../shell-words.ts';
import type { Call, CommandSpec } from './command.ts';
import { flagOf } from './input.ts';
import type { CommonName } from './options.ts';

/** Options that say where and how, so that a command that a hint names needs them too. */
const WAY: readonly CommonName[] = [
  ...(['kubeconfig', 'context', 'manifests', 'namespace', 'istioNamespace', 'revision', 'project', 'zone'] as const),
  ...(['root', 'user', 'port', 'identityFile', 'sshConfig', 'knownHosts', 'hostKeyFingerprint'] as const),
  ...(['acceptNewHostKey', 'sudoPasswordFile'] as const),
];

const SHORT: Readonly<Record<string, string>> = { namespace: '-n', identityFile: '-i' };

/** True although nobody typed them. */
const ON_BY_ITSELF: readonly string[] = ['create', 'captureDns'];

/** The command as it was typed, for these arguments, so that it can be pasted. A password in an address is not repeated. */
export function typedLine(command: string, { given }: Pick<Call, 'given'>, ...args: readonly string[]): string {
  const words = Object.entries(given).flatMap(([name, value]) => optionWords(name, value));
  return toShell(['meshx', ...command.split(' '), ...args, ...words].map(withoutPassword));
}

function optionWords(name: string, value: unknown): readonly string[] {
  if (value === true) return ON_BY_ITSELF.includes(name) ? [] : [flagOf(name)];
  if (value === false) return [flagOf(name).replace('--', '--no-')];
  const values: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return values.flatMap((each) => [SHORT[name] ?? flagOf(name), String(each)]);
}

function withoutPassword(word: string): string {
  return word.replace(/\/\/([^/@:]*):[^/@]*@/, '//$1:PASSWORD@');
}

/**
 * A command of meshx in a hint, to be pasted: behind a colon or at the start of a line, up to the end of the line or to the
 * punctuation behind it. Elsewhere its name is part of a sentence.
 */
export const COMMAND = /(?<=: |^)meshx ((?:expose )?[a-z][a-z-]*)((?:(?!; | \(|\. |\.$|, | or |\)).)*)/gm;

/**
 * Adds to each command of meshx in a text what was typed about the way to VM and cluster, where that command takes it and does not
 * have it yet.
 */
export function completer({ given }: Pick<Call, 'given'>, commands: readonly CommandSpec[]): (text: string) => string {
  return (text) =>
    text.replace(COMMAND, (whole: string, name: string, rest: string) => {
      const spec = commands.find((each) => each.name === name);
      if (!spec || / --(help|version)\b/.test(rest)) return whole;
      const has = (option: string): boolean =>
        ` ${rest} `.includes(` ${flagOf(option)} `) || ` ${rest} `.includes(` ${SHORT[option] ?? flagOf(option)} `);
      const missing = WAY.filter((option) => spec.common.includes(option) && !has(option));
      // There it is a key of sidecar.env.
      const names = spec.name === 'configure' ? missing.filter((option) => option !== 'namespace') : missing;
      const words = names.flatMap((option) => optionWords(option, given[option]));
      return words.length === 0 ? whole : `${whole} ${toShell(words)}`;
    });
}

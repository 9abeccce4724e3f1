import { toShell } from '../shell-words.ts';
import type { Call } from './command.ts';
import { flagOf } from './input.ts';

/** Options whose values hold no secret. Only the names of other options are kept. */
const SHOWN: readonly string[] = [
  ...['namespace', 'service', 'ports', 'workloadGroup', 'serviceAccount', 'vmAddress', 'excludePorts', 'only', 'unset'],
  ...['acceptRisk', 'network', 'locality', 'weight', 'revision', 'istioNamespace', 'istiodAddress', 'serviceCidr'],
  ...['meshService', 'probeClient', 'drainTimeout', 'confirmWithin', 'context', 'mode', 'parallel', 'for'],
  ...['limit', 'forks', 'planHash'],
];

/** Options that hold `KEY=value`: the key is kept. */
const KEYS_SHOWN: readonly string[] = ['set', 'labels', 'label'];

/** Options that hints name by their letter. */
export const SHORT: Readonly<Record<string, string>> = { namespace: '-n', identityFile: '-i' };

/** The command line of a change: for lock and audit, and to run again. */
export function called(command: string, call: Pick<Call, 'given'>, ...args: readonly string[]) {
  return { command: commandWords(command, call, ...args), again: typedLine(command, call, ...args) };
}

/**
 * A command line for lock and audit of one VM. Values that may hold a secret, such as a package URL or a value of
 * `--set`, are shown as `…`.
 */
export function commandWords(command: string, { given }: Pick<Call, 'given'>, ...args: readonly string[]): string {
  const options = Object.entries(given).flatMap(([name, value]) =>
    optionWords(flagOf(name), value).map((word, at) => (at % 2 === 0 ? word : shownValue(name, word))),
  );
  return ['meshx', command, ...args.map(shownWord), ...options].join(' ');
}

function shownValue(name: string, value: string): string {
  if (KEYS_SHOWN.includes(name)) return `${shownWord(value.split('=', 1)[0] ?? '')}=…`;
  return SHOWN.includes(name) ? shownWord(value) : '…';
}

/** An argument for display. An address loses the part before its @, which may hold a password. */
function shownWord(word: string): string {
  const plain = word.replace(/\/\/[^/?#]*:[^/?#]*@/, '//…@').replace(/\p{C}/gu, '');
  return /^[\w@%+=:,./…*-]+$/.test(plain) ? plain : JSON.stringify(plain);
}

/** The command line with these arguments, to paste. A password in an address is not repeated. */
export function typedLine(command: string, { given }: Pick<Call, 'given'>, ...args: readonly string[]): string {
  const words = Object.entries(given).flatMap(typedOption);
  return toShell(['meshx', ...command.split(' '), ...args, ...words].map(withoutPassword));
}

/** The command line that shows what this one would do. */
export function reviewLine(command: string, { given }: Pick<Call, 'given'>, ...args: readonly string[]): string {
  return typedLine(command, { given: { ...given, dryRun: true } }, ...args);
}

/** One option as it is typed: a flag alone, or before each of its values. */
export const typedOption = ([name, value]: readonly [string, unknown]): readonly string[] =>
  optionWords(SHORT[name] ?? flagOf(name), value);

/** A flag alone, or before each of its values. */
function optionWords(flag: string, value: unknown): readonly string[] {
  if (value === true) return [flag];
  if (value === false) return [flag.replace('--', '--no-')];
  const values: readonly unknown[] = [value ?? []].flat();
  return values.flatMap((each) => [flag, String(each)]);
}

/** An argument without the password of an address in it. A password may hold an @: the last one of the authority ends it. */
export function withoutPassword(word: string): string {
  return word.replace(/\/\/([^/@:?#]*):[^/?#]*@/, '//$1:PASSWORD@');
}

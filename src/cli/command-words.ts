import type { Call } from './command.ts';
import { flagOf } from './input.ts';
import { typedLine } from './typed-line.ts';

/** Options whose values name things of the mesh and can hold no secret. Of every other one only its name is kept. */
const SHOWN: readonly string[] = [
  ...['namespace', 'service', 'ports', 'workloadGroup', 'serviceAccount', 'vmAddress', 'excludePorts', 'only', 'unset'],
  ...['acceptRisk', 'network', 'locality', 'weight', 'revision', 'istioNamespace', 'istiodAddress', 'serviceCidr'],
  ...['meshService', 'probeClient', 'drainTimeout', 'confirmWithin', 'context', 'mode', 'parallel', 'for'],
];

/** Options that hold `KEY=value`: the key is kept. */
const KEYS_SHOWN: readonly string[] = ['set', 'labels', 'label'];

/** True although nobody typed them. */
const ON_BY_ITSELF: readonly string[] = ['create', 'captureDns'];

/**
 * A command line for the lock and the audit, for one VM: what was asked for, without secrets and without values that may
 * hold one (an address of a package with its credentials, a value of `--set`): these are shown as `…`.
 */
export function commandWords(command: string, { given }: Pick<Call, 'given'>, ...args: readonly string[]): string {
  const options = Object.entries(given).flatMap(([name, value]) => optionWords(name, value));
  return ['meshx', command, ...args.map(shownWord), ...options].join(' ');
}

/** What a change is called: in lock and audit, and as it is typed again. */
export function called(command: string, call: Pick<Call, 'given'>, ...args: readonly string[]) {
  return { command: commandWords(command, call, ...args), again: typedLine(command, call, ...args) };
}

function optionWords(name: string, value: unknown): readonly string[] {
  const flag = flagOf(name);
  if (value === true) return ON_BY_ITSELF.includes(name) ? [] : [flag];
  if (value === false) return [flag.replace('--', '--no-')];
  if (value === undefined) return [];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((each) => [flag, shownValue(name, String(each))]);
}

function shownValue(name: string, value: string): string {
  if (KEYS_SHOWN.includes(name)) return `${shownWord(value.split('=', 1)[0] ?? '')}=…`;
  return SHOWN.includes(name) ? shownWord(value) : '…';
}

/** A word that reads as one; an address loses what stands before its @ when a password may be in it. */
function shownWord(word: string): string {
  const plain = word.replace(/\/\/[^/@]*:[^/@]*@/, '//…@').replace(/\p{C}/gu, '');
  return /^[\w@%+=:,./…*-]+$/.test(plain) ? plain : JSON.stringify(plain);
}

import { toShell } from '../../shell-words.ts';
import { visible } from '../../visible.ts';

/** The words with which an operator logs in to a VM: `ssh -p 2222 admin@db1`. */
export type SshWords = readonly string[];

/** A command line that runs a program as root on a VM. The remote shell splits what it gets once more. */
export function sshLine(login: SshWords, words: readonly string[], hasSudo: boolean): string {
  const remote = toShell([...(hasSudo ? ['sudo'] : []), ...words].map(visible));
  // Plain words are the same after both shells.
  if (!/['"\\$]/.test(remote)) return `${toShell(login.map(visible))} ${remote}`;
  return toShell([...login.map(visible), remote]);
}

/** Commands that find the VM by its namespace, too. */
const PLACED = new Set(['up', 'rejoin', 'drain', 'undrain']);

/** A command line of meshx about a VM: `meshx rejoin db1 -n vm`. */
export function meshxLine(vm: string, place: string | null, [verb = '', ...rest]: readonly string[]): string {
  const where = PLACED.has(verb) && place !== null ? ['-n', place] : [];
  return toShell(['meshx', verb, vm, ...rest, ...where].map(visible));
}

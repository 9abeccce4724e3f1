import type { FaultCase } from './cases.ts';
import { endsTheOperator } from './faults.ts';
import type { Said } from './operator.ts';

/** Id of the Problem that a run ended with, from its line `see: meshx explain id`. */
export function problemId({ stderr }: Said): string | undefined {
  return /^ {2}see: {2}meshx explain (\S+)$/m.exec(stderr)?.[1];
}

/**
 * What is wrong with how a run with a fault ended, undefined when nothing is. It may have outlived the fault. Else it must
 * be a Problem with a hint; once something was changed it must say what, and name the next command.
 */
export function judgeMessage({ fault }: FaultCase, said: Said): string | undefined {
  if (said.exitCode === undefined) return endsTheOperator(fault) ? undefined : 'it did not end by itself';
  if (said.exitCode === 0) return undefined;
  if (said.exitCode !== 1) return `it ended with ${said.exitCode}`;
  if (problemId(said) === undefined) return 'it named no Problem';
  if (!/^ {2}hint: \S/m.test(said.stderr)) return 'it gave no hint';
  if (!changedSomething(said)) return undefined;
  return /meshx [a-z]/.test(lastProblem(said)) ? undefined : 'it changed something, and does not name the next command';
}

/** What is wrong with the run after it. */
export function judgeResume(said: Said): string | undefined {
  return said.exitCode === 0 ? undefined : `typed again, it ended with ${said.exitCode}`;
}

/** Lines `+ step` tell what was done. */
function changedSomething({ stdout, stderr }: Said): boolean {
  return /^\+ /m.test(stdout + stderr);
}

function lastProblem({ stderr }: Said): string {
  return stderr.slice(stderr.lastIndexOf('meshx: '));
}

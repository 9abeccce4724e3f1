import type { Output } from '../host/run/host.ts';
import type { Problem } from '../problems.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import {
  CHANGED_SINCE,
  DEPENDENCIES,
  INCOMPLETE,
  NOT_IN_PACKAGE,
  PACKAGE_UNSAFE,
  PROGRAM_MISSING,
} from './exit-codes.ts';

/** The state of a run, for the Problem of a failed change. */
export interface Progress {
  readonly host: string;
  readonly doing: string;
  readonly done: readonly string[];
  readonly left: readonly string[];
  readonly again: string | undefined;
}

/** The Problem for a script's exit code and output. Pure. */
export function explain({ exitCode, stderr }: Output, progress: Progress): Problem {
  const details = { ...progress, stderr };
  if (/No space left on device|Disk quota exceeded/.test(stderr)) return reconcileProblems.diskFull(details);
  switch (exitCode) {
    case INCOMPLETE:
      return reconcileProblems.arrivedIncomplete(details);
    case CHANGED_SINCE:
      return reconcileProblems.changedSince(details);
    case DEPENDENCIES:
      return reconcileProblems.dependenciesMissing(details);
    case PROGRAM_MISSING:
      return reconcileProblems.programMissing(details);
    case NOT_IN_PACKAGE:
      return reconcileProblems.packageIncomplete(details);
    case PACKAGE_UNSAFE:
      return reconcileProblems.packageUnsafe({
        where: `${progress.host}: could not ${progress.doing}`,
        reason: stderr,
      });
    default:
      return reconcileProblems.changeFailed({ ...details, exitCode });
  }
}

import type { Result } from '../check.ts';
import { outcomeOf } from '../report/report.ts';
import type { RequestSeen } from './request-seen.ts';

/** One test of a verification: its verdicts, and the request that they judge. */
export interface VerifyGroup {
  /** What was tried: `from VM istio-vm: GET http://…`. */
  readonly title: string;
  readonly results: readonly Result[];
  readonly seen?: RequestSeen;
  /** Lines to print as they are. */
  readonly text?: readonly string[];
}

export interface VerifyReport {
  /** `service vm/mysqldb`, `gateway`, … */
  readonly subject: string;
  readonly groups: readonly VerifyGroup[];
  /** Milliseconds. */
  readonly ms: number;
}

/** True unless a verdict is an error. What was skipped is not passed: with nothing but skipped verdicts nothing was verified. */
export function isVerified({ groups }: VerifyReport): boolean {
  const results = groups.flatMap((group) => group.results);
  return !results.some((result) => outcomeOf(result) === 'error') && results.some(({ ok }) => ok === true);
}

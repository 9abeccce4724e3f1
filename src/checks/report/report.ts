import type { Result } from '../check.ts';

/** What a run of checks found. */
export interface CheckReport {
  /** The context, or the folder of manifests. */
  readonly cluster: string;
  /** Namespaces of the VMs that were checked. */
  readonly namespaces: readonly string[];
  readonly results: readonly Result[];
  /** VMs that answered, and that meshx has joined. */
  readonly members?: readonly Member[];
  /** How long the run took, in milliseconds. */
  readonly ms: number;
}

/** A VM of the mesh. */
export interface Member {
  /** As it was named. */
  readonly vm: string;
  /** As SSH knows it. */
  readonly host: string;
  readonly namespace: string;
}

/** How a result counts. */
export type Outcome = 'ok' | 'error' | 'warning' | 'note' | 'skipped';

/** A risk that was not accepted is an error. */
export function outcomeOf({ ok, severity }: Pick<Result, 'ok' | 'severity'>): Outcome {
  if (ok !== false) return ok === true ? 'ok' : 'skipped';
  return severity === 'risk' ? 'error' : severity;
}

/** True unless a check failed with an error, or with a risk that was not accepted. */
export function isHealthy({ results }: CheckReport): boolean {
  return !results.some((result) => outcomeOf(result) === 'error');
}

/** `37 checks: 33 ok, 2 errors, 1 warning, 1 skipped` */
export function summaryOf({ results }: CheckReport): string {
  const count = (outcome: Outcome): number => results.filter((result) => outcomeOf(result) === outcome).length;
  const words = [
    [count('error'), 'error', 'errors'],
    [count('warning'), 'warning', 'warnings'],
    [count('note'), 'note', 'notes'],
    [count('skipped'), 'skipped', 'skipped'],
  ] as const;
  const rest = words
    .filter(([number]) => number > 0)
    .map(([number, one, many]) => `${number} ${number === 1 ? one : many}`);
  const checks = new Set(results.map(({ id }) => id)).size;
  return `${checks} ${checks === 1 ? 'check' : 'checks'}: ${[`${count('ok')} ok`, ...rest].join(', ')}`;
}

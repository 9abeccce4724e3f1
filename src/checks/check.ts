import type { Risk } from './risk.ts';

/** What a check is about. */
export type Category =
  'vm' | 'path' | 'dns' | 'capture' | 'firewall' | 'sidecar' | 'identity' | 'registration' | 'service' | 'traffic';

/** What it means that the good state does not hold: `error` stops a run, `risk` stops it unless it is accepted by name. */
type Severity = 'error' | 'risk' | 'note';

/** One statement about a mesh, its cluster or a VM, with what decides whether it is true. Data and pure functions. */
export interface Check<Facts> {
  /** Stable: `istiod-answers`; with the subject where there are several: `service-through-mesh:mysqldb:3306`. */
  readonly id: string;
  readonly category: Category;
  /** States the good condition. */
  readonly title: string;
  readonly severity: Severity;
  /** Name for `--accept-risk=NAME`; present with severity `risk`. */
  readonly risk?: Risk;
  /** The facts that the judgement reads; without one of them the check is left out. */
  readonly needs: readonly (keyof Facts)[];
  /** What it is about follows a change by some seconds: the facts are read anew until the condition holds, within a limit. */
  readonly settles?: true;
  /** Nothing when the condition holds and there is nothing to add. */
  readonly judge: (facts: Facts) => readonly Seen[];
}

/** What a judgement found. */
export interface Seen {
  readonly ok: boolean | 'skipped';
  /** What was seen, or why it was skipped. Never a secret. */
  readonly detail: string;
  /** What to type or do. */
  readonly hint?: string;
  /** Where this case weighs less than the check usually does. */
  readonly severity?: Severity;
}

/** What a check gave: all that printers and reports need. */
export interface Result extends Required<Pick<Seen, 'ok' | 'detail' | 'severity'>> {
  readonly id: string;
  readonly category: Category;
  readonly title: string;
  readonly risk?: Risk;
  readonly hint?: string;
  /** How long its facts took, in milliseconds. */
  readonly ms: number;
}

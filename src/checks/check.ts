import type { Risk } from './risk.ts';

/** What a check is about, in the order of reports. */
export const CATEGORIES = [
  ...(['cluster', 'exposure', 'path', 'vm', 'identity', 'dns', 'capture', 'firewall', 'sidecar', 'agent'] as const),
  ...(['registration', 'service', 'policy', 'traffic'] as const),
] as const;

export type Category = (typeof CATEGORIES)[number];

/**
 * What a failure means. `error`: something does not work; it stops a run. `risk`: it stops a run unless it is accepted by name.
 * `warning`: it works, and will fail or surprise later. `note`: worth knowing. The last two stop nothing.
 */
export type Severity = 'error' | 'risk' | 'warning' | 'note';

/** One statement about a mesh, its cluster or a VM, and the pure function that decides whether it holds. */
export interface Check<Facts> {
  /** Stable: `istiod-answers`; with the subject where there are several: `service-through-mesh:mysqldb:3306`. */
  readonly id: string;
  readonly category: Category;
  /** States the good condition. */
  readonly title: string;
  readonly severity: Severity;
  /** Name for `--accept-risk=NAME`; present with severity `risk`. */
  readonly risk?: Risk;
  /** The facts that `judge` reads; without one of them the check is left out. */
  readonly needs: readonly (keyof Facts)[];
  /** The condition follows a change after some seconds: the facts are read until it holds, up to a limit. */
  readonly settles?: true;
  /** Returns an empty list if the condition holds without comment. */
  readonly judge: (facts: Facts) => readonly Seen[];
}

/**
 * What puts a finding right without a person's decision and without ending connections: `join`, repeating the join of the VM with the
 * options that it recorded; `capture`, loading the rules of capture again.
 */
export type Repair = 'join' | 'capture';

/** What `judge` found. */
export interface Seen {
  readonly ok: boolean | 'skipped';
  /** What was seen, or why it was skipped. Never a secret. */
  readonly detail: string;
  /** What to run or do. */
  readonly hint?: string;
  /** If it differs from the check's. */
  readonly severity?: Severity;
  /** The object that it is about: `Service vm/mysqldb`. */
  readonly object?: string;
  readonly repair?: Repair;
}

/** The result of a check, as reports print it. */
export interface Result extends Required<Pick<Seen, 'ok' | 'detail' | 'severity'>> {
  readonly id: string;
  readonly category: Category;
  readonly title: string;
  readonly risk?: Risk;
  readonly hint?: string;
  readonly object?: string;
  readonly repair?: Repair;
  /** Where the object is in a file: `mysql.yaml:12`. */
  readonly place?: string;
  /** How long its facts took, in milliseconds. */
  readonly ms: number;
}

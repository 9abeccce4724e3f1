/** One thing that was proved, or was not. */
export interface Proof {
  /** Stable word: `istiod-answers`; per service `service-through-mesh:mysqldb:3306`. */
  readonly id: string;
  /** States the good condition. */
  readonly title: string;
  readonly ok: boolean | 'skipped';
  /** What was seen, or why it was skipped. Never a secret. */
  readonly detail: string;
  readonly hint?: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

/** What a new connection from outside the mesh met; `open-with-bytes` when the other side spoke first. */
export type DialAnswer = 'open-with-bytes' | 'open-silent' | 'closed' | 'refused' | 'timeout';

/** What the cluster's side saw, told by a function of the caller. */
export interface Witness {
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

import type { Preflight } from '../../checks/preflight.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import type { JoinContext } from './context.ts';

/** What an earlier join adds to this one. */
export type EarlierJoinEvent =
  | { readonly kind: 'repeated'; readonly options: RecordedOptions }
  | { readonly kind: 'replaced'; readonly before: RecordedOptions; readonly now: RecordedOptions }
  /** The WorkloadGroup that it was in, as NAMESPACE/NAME; what was made for it stays. */
  | { readonly kind: 'left-group'; readonly group: string };

/** A run on one VM that may have joined before. */
export interface EarlierJoin {
  /** The command that hints name. */
  readonly command: string;
  readonly context: JoinContext;
  readonly vm: string;
  readonly observe: (event: EarlierJoinEvent) => void;
}

/** What was seen of the VM and its cluster. */
export interface Seen {
  readonly looked: Preflight;
  readonly kube: Kubernetes;
  readonly signal: AbortSignal;
}

/** What the page shows, as the server sends it. Plain data without any import, for both sides. Times are ISO 8601. */
export interface UiState {
  /** Version of meshx. */
  readonly meshx: string;
  /** The context, or the folder of manifests. */
  readonly cluster: string;
  /** Version of istiod. */
  readonly istiod?: string;
  /** When the cluster was last read; absent before the first time. */
  readonly at?: string;
  readonly vms: readonly UiVm[];
  /** What was not read, and why. */
  readonly notes: readonly string[];
  /** End of the root certificate that ends first. */
  readonly rootUntil?: string;
  /** The last checks; absent until the first run has ended. */
  readonly checks?: UiChecks;
  /** Why the last reading failed. What is shown is older then. */
  readonly problem?: UiProblem;
}

interface UiProblem {
  readonly message: string;
  readonly hint: string;
}

export type UiVmState = 'ready' | 'degraded' | 'down' | 'draining' | 'disconnected' | 'absent' | 'registered';

export interface UiVm {
  /** NAMESPACE/NAME. */
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly state: UiVmState;
  readonly since?: string;
  readonly address?: string;
  readonly network?: string;
  /** Whether its sidecar registers it. */
  readonly hasSidecar: boolean;
  readonly services: readonly UiService[];
  readonly connection?: { readonly connected: boolean; readonly istiod?: string; readonly since?: string };
  /** When its agent last wrote; absent without an agent. */
  readonly agentWord?: string;
  /** End of the sidecar's certificate, or why it is unknown; absent if VMs are not asked. */
  readonly certificate?: { readonly until: string } | { readonly unknown: string };
  /** Where entry, WorkloadGroup, Services and agent contradict each other. */
  readonly drift: readonly string[];
}

export interface UiService {
  readonly name: string;
  readonly state: string;
  readonly since?: string;
  readonly reason?: string;
  /** Whether clients are given this VM. */
  readonly served: boolean;
  readonly ports: readonly { readonly name: string; readonly number: number; readonly present: boolean }[];
}

export interface UiChecks {
  readonly at: string;
  readonly summary: string;
  readonly healthy: boolean;
  /** Those that are neither good nor skipped, the worst first. */
  readonly findings: readonly UiFinding[];
}

export interface UiFinding {
  readonly id: string;
  readonly outcome: 'error' | 'warning' | 'note';
  readonly category: string;
  readonly title: string;
  readonly detail: string;
  readonly hint?: string;
}

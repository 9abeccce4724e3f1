import type { Result } from '../../checks/check.ts';
import type { Preflight } from '../../checks/preflight.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Registration } from '../../cluster/registration/registration-request.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import type { PortSecurity } from '../../mesh/mutual-tls.ts';
import type { VmFacts } from '../../mesh/vm-facts.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { Problem } from '../../problems.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import type { Decision } from '../change/decision.ts';
import type { ChangeEvent } from '../change/event.ts';
import type { Calling } from '../change/plan-or-change.ts';
import type { JoinContext } from './context.ts';

/** Why a VM gets no agent, although none was refused: architectures as Debian names them. */
export type AgentObstacle =
  | { readonly kind: 'not-executable' }
  | { readonly kind: 'processor'; readonly own: string; readonly machine: string }
  | { readonly kind: 'group'; readonly group: string };

/** What happens while a VM joins, in order. */
export type JoinEvent =
  | ChangeEvent<Result>
  /** Options that are repeated from the earlier join. */
  | { readonly kind: 'repeated'; readonly options: RecordedOptions }
  | { readonly kind: 'replaced'; readonly before: RecordedOptions; readonly now: RecordedOptions }
  /** The former WorkloadGroup, as NAMESPACE/NAME; its objects stay. */
  | { readonly kind: 'left-group'; readonly group: string }
  /** A note, or a risk that was accepted by its name. */
  | { readonly kind: 'finding'; readonly finding: Result }
  /** An accepted risk: a plaintext client outside the mesh will hang at this port. */
  | { readonly kind: 'hanging-accepted'; readonly port: PortSecurity }
  /** A plaintext client outside the mesh that waits for this port's greeting is refused without a sign, and will hang. */
  | { readonly kind: 'silent-refusal'; readonly port: PortSecurity }
  /** The agent reports all services as one state, because the cluster has no policy that limits agents. */
  | { readonly kind: 'agent-without-rights' }
  | { readonly kind: 'agent-left-out'; readonly because: AgentObstacle }
  /** A dry run without the package that the run needs. */
  | { readonly kind: 'package-needed'; readonly problem: Problem };

/** One VM that joins, with what all VMs of its run share. */
export interface JoinRun extends Omit<Calling<JoinEvent>, 'dryRun'> {
  readonly context: JoinContext;
  /** The command that hints name: `up`. */
  readonly verb: string;
  /** Whether options of an earlier join are repeated. */
  readonly repeats: boolean;
  /** Adapts the steps to further facts of the machine. Pure. */
  readonly revise?: (steps: readonly Step[]) => readonly Step[];
  /** Asks whether ports on which plaintext clients would hang should require mutual TLS. Absent where no one can be asked. */
  readonly confirmStrict?: (ports: readonly PortSecurity[]) => Promise<boolean>;
  /** Called with each plan before it is carried out; throws to refuse it. */
  readonly approve?: (plan: Pick<JoinPlan, 'decision'>) => void;
  /** Called with the whole plan of a dry run. */
  readonly planned?: (plan: JoinPlan) => Promise<void> | void;
}

/** The VM before its earlier options are added, and the cluster that must confirm them. */
export interface FirstInspection {
  readonly preflight: Preflight;
  readonly kube: Kubernetes;
  readonly signal: AbortSignal;
}

/** The subject of a join. Plain data: a kept plan holds it. */
export interface JoinSubject {
  readonly cluster: ClusterFacts;
  readonly workload: Workload;
  readonly vm: VmFacts;
  readonly meshService?: MeshTarget;
}

/** The decided join of one VM. */
export interface JoinPlan {
  readonly subject: JoinSubject;
  /** The registration in the cluster. */
  readonly registration: Registration;
  readonly decision: Decision<Result> & Required<Pick<Decision, 'steps'>>;
  /** Why nothing is verified: for an image, or with some steps only. */
  readonly unverified?: readonly string[];
}

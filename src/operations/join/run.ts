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

/** What happens while a VM joins, in order. */
export type JoinEvent =
  | ChangeEvent<Result>
  /** Options of the earlier join that count because they are not given again. */
  | { readonly kind: 'repeated'; readonly options: RecordedOptions }
  | { readonly kind: 'replaced'; readonly before: RecordedOptions; readonly now: RecordedOptions }
  /** The WorkloadGroup that it was in, as NAMESPACE/NAME; what was made for it stays. */
  | { readonly kind: 'left-group'; readonly group: string }
  /** A note, or a risk that was accepted by its name. */
  | { readonly kind: 'finding'; readonly finding: Result }
  /** A plaintext client outside the mesh will hang at this port, which was accepted. */
  | { readonly kind: 'hanging-accepted'; readonly port: PortSecurity }
  /** A dry run goes on without the package that the run itself needs. */
  | { readonly kind: 'package-needed'; readonly problem: Problem };

/** One VM that joins, and what all VMs of its run share. */
export interface JoinRun extends Omit<Calling<JoinEvent>, 'dryRun'> {
  readonly context: JoinContext;
  /** The command that hints name: `up`. */
  readonly verb: string;
  /** Whether options of an earlier join count that are not given again. */
  readonly repeats: boolean;
  /** Changes the wanted steps by what else is known of the machine; pure. */
  readonly revise?: (steps: readonly Step[]) => readonly Step[];
  /** Called with the plan of a dry run, with everything in it. */
  readonly planned?: (plan: JoinPlan) => Promise<void> | void;
}

/** The VM before the options of its earlier join count, and the cluster to ask about that join. */
export interface FirstInspection {
  readonly preflight: Preflight;
  readonly kube: Kubernetes;
  readonly signal: AbortSignal;
}

/** What a join is about. Data: a kept plan holds it. */
export interface JoinSubject {
  readonly cluster: ClusterFacts;
  readonly workload: Workload;
  readonly vm: VmFacts;
  readonly meshService?: MeshTarget;
}

/** Everything that is to be done for one VM, decided and not yet begun. */
export interface JoinPlan {
  readonly subject: JoinSubject;
  /** What must exist in the cluster. */
  readonly registration: Registration;
  readonly decision: Decision<Result> & Required<Pick<Decision, 'steps'>>;
  /** Why nothing is verified: nothing runs in an image, nor after some steps alone. */
  readonly unverified?: readonly string[];
}

import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { ClusterPlan } from '../../cluster/api/plan.ts';
import { isEmptyClusterPlan } from '../../cluster/api/plan.ts';
import { vmSecrets } from '../../cluster/registration/vm-secrets.ts';
import { present } from '../../present.ts';
import { isEmpty, type Plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { FirstPicture } from '../../reconcile/undo/first-picture.ts';
import type { Guard, RestartOptions } from '../change/decision.ts';
import type { World } from '../../world.ts';
import { cacheFolder } from './cache.ts';
import type { JoinPlan, JoinSubject } from './run.ts';
import { joinVerification, type Verifying } from './verification.ts';

/** The decision about a VM that joins. */
export interface Joining {
  readonly subject: JoinSubject;
  readonly world: World;
  readonly kube: Kubernetes;
  /** What the cluster lacks. */
  readonly writes: ClusterPlan;
  readonly steps: readonly Step[];
  readonly plan: Plan;
  /** Absent for an image, where nothing runs. */
  readonly live?: { readonly restart: RestartOptions; readonly guard: Guard };
  /** The snapshot, started early, of a machine that meshx has never changed. */
  readonly picture?: Promise<FirstPicture>;
  /** Absent when nothing is verified. */
  readonly verifying?: Omit<Verifying, 'subject' | 'kube' | 'settled'>;
}

/** The join as one guarded change. */
export function joinDecision({
  subject,
  world,
  kube,
  writes,
  steps,
  plan,
  live,
  ...rest
}: Joining): JoinPlan['decision'] {
  const { cluster, workload, vm } = subject;
  const { namespace, group } = workload;
  const { addresses } = vm;
  const registry = { kube, vm: { generation: cluster.generation, namespace, group, addresses } };
  const settled = isEmptyClusterPlan(writes) && isEmpty(plan);
  const { picture, verifying } = rest;
  return {
    ...{
      plan,
      steps,
      sources: { ...vmSecrets(kube, workload), packed: cacheFolder(world, 'packed') },
      cluster: { kube, plan: writes },
    },
    ...(live && {
      drain: { for: 'restart', returns: 'before-verify', addresses, registry, ...live.restart },
      guard: live.guard,
    }),
    ...present({ picture, verify: verifying && joinVerification({ ...verifying, subject, kube, settled }) }),
  };
}

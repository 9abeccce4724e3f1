import { agentPolicyObjects, policyFormat, POLICY_FORMAT } from '../../mesh/current/agent-policy.ts';
import { madeByMeshx, refOf, showRef, type KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN, planObjects, type ClusterPlan } from '../api/plan.ts';

/** What limits agents in a cluster. */
export interface PlannedPolicy {
  /** Makes the policy and its binding, where they are missing or older. */
  readonly plan: ClusterPlan;
  /** Why agents stay without limits, and so without rights, even after the plan. */
  readonly missing?: string;
}

/**
 * Makes sure that the policy limits agents. Only reads; what must be written is first sent as a dry run, because Kubernetes before 1.30
 * does not have such policies, and few operators may write objects of the whole cluster. Never throws a Problem.
 */
export async function planAgentPolicy(kube: Kubernetes, signal?: AbortSignal): Promise<PlannedPolicy> {
  try {
    return await planned(kube, signal);
  } catch (error) {
    if (!(error instanceof Problem) || signal?.aborted === true) throw error;
    return { plan: EMPTY_PLAN, missing: error.message };
  }
}

async function planned(kube: Kubernetes, signal: AbortSignal | undefined): Promise<PlannedPolicy> {
  const wanted = agentPolicyObjects();
  const found = await Promise.all(wanted.map((object) => kube.get(refOf(object), signal)));
  if (isNewer(found)) return { plan: EMPTY_PLAN };
  const plan = planObjects(wanted.map((object, index) => [object, found[index]]));
  const foreign = plan.foreign.map(({ ref }) => showRef(ref));
  if (foreign.length > 0) return { plan: EMPTY_PLAN, missing: `${foreign.join(', ')} belongs to another owner` };
  const writes = [...plan.create, ...plan.change.map(({ object }) => object)];
  for (const object of kube.live ? writes : []) await kube.apply(object, { dryRun: true, ...present({ signal }) });
  return { plan };
}

/** A newer meshx wrote both, and the binding still denies. */
function isNewer(found: readonly (KubeObject | undefined)[]): boolean {
  const [policy, binding] = found;
  if (!policy || !binding || ![policy, binding].every(madeByMeshx)) return false;
  const denies = list(mapping(binding['spec'])['validationActions']).includes('Deny');
  return denies && [policy, binding].every((object) => policyFormat(object) > POLICY_FORMAT);
}

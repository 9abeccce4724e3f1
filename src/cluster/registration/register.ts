import { refOf, showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { nudge } from './nudge.ts';
import { waitForNamespace } from './namespace-ready.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { dividedChanges, planObjects, type ClusterPlan } from '../api/plan.ts';

/**
 * What creates or changes these objects. Only reads. Throws `object-of-another-owner` when an object that meshx did not
 * make differs.
 */
export async function registrationPlan(
  kube: Kubernetes,
  objects: readonly KubeObject[],
  signal?: AbortSignal,
): Promise<ClusterPlan> {
  const found = await Promise.all(objects.map((object) => kube.get(refOf(object), signal)));
  const plan = planObjects(objects.map((object, index) => [object, found[index]]));
  if (plan.foreign.length > 0) {
    const objects = plan.foreign.map(({ ref, fields }) => `${showRef(ref)}: ${fields.join(', ')}`);
    throw clusterProblems.anothersObject({ cluster: kube.name, objects });
  }
  return plan;
}

/** One write that was done. */
export interface Written {
  readonly verb: 'created' | 'changed' | 'labeled' | 'deleted';
  readonly ref: ObjectRef;
}

/**
 * Carries out a plan and yields each write. Stops at the first failure; the next run continues from there. After
 * creating a namespace, waits for its root certificate.
 */
export async function* applyRegistration(
  kube: Kubernetes,
  plan: ClusterPlan,
  signal?: AbortSignal,
): AsyncGenerator<Written> {
  const options = signal === undefined ? {} : { signal };
  const { subsets, groups, others } = dividedChanges(plan);
  yield* applied(kube, subsets, options);
  for (const object of plan.create) {
    await kube.apply(object, options);
    yield { verb: 'created', ref: refOf(object) };
    if (object.kind === 'Namespace')
      await waitForNamespace(kube, { plan, namespace: object.metadata.name, ...options });
  }
  yield* applied(kube, groups, options);
  yield* patched(kube, plan.prepare, signal);
  yield* applied(kube, others, options);
  yield* patched(kube, plan.relabel, signal);
  for (const ref of plan.remove) {
    if (await kube.delete(ref, signal)) yield { verb: 'deleted', ref };
  }
}

async function* applied(
  kube: Kubernetes,
  changes: ClusterPlan['change'],
  options: { readonly signal?: AbortSignal },
): AsyncGenerator<Written> {
  for (const { object } of changes) {
    await kube.apply(object, options);
    yield { verb: 'changed', ref: refOf(object) };
  }
}

async function* patched(
  kube: Kubernetes,
  changes: ClusterPlan['relabel'],
  signal: AbortSignal | undefined,
): AsyncGenerator<Written> {
  for (const change of changes) {
    await kube.patch(change.ref, change, signal);
    await nudge(kube, change, signal);
    yield { verb: change.labels ? 'labeled' : 'changed', ref: change.ref };
  }
}

import { planClassicRegistration } from './classic-registration.ts';
import { planCurrentRegistration } from './current-registration.ts';
import type { Kubernetes } from './kubernetes.ts';
import type { ClusterPlan } from './plan.ts';
import { registrationPlan } from './register.ts';
import type { ClassicRegistration } from '../mesh/classic/registration.ts';
import { namespaceObject } from '../mesh/current/objects.ts';
import type { CurrentRegistration } from '../mesh/current/registration.ts';
import type { Workload } from '../mesh/workload.ts';

/** What is asked of a cluster, as data: a kept plan holds it, so that the same plan can be made again. */
export type Registration =
  | {
      readonly generation: 'current';
      readonly istioNamespace: string;
      /** The control plane's when absent. */
      readonly rootNamespace?: string;
      readonly wanted: CurrentRegistration;
    }
  | {
      readonly generation: 'classic';
      readonly wanted: readonly ClassicRegistration[];
      /** Made when it is missing. */
      readonly createNamespace?: string;
    };

/** What must be written, and the workload as it will be where there is one. */
export interface PlannedRegistration {
  readonly plan: ClusterPlan;
  readonly workload?: Workload;
  /** Addresses behind each service afterwards, where the cluster tells it. */
  readonly counts: readonly number[];
}

/** The one place that asks which generation registers. Only reads. */
export async function planRegistration(
  kube: Kubernetes,
  registration: Registration,
  signal: AbortSignal,
): Promise<PlannedRegistration> {
  if (registration.generation === 'current') {
    const { wanted, generation: _generation, ...place } = registration;
    const { plan, workload } = await planCurrentRegistration(kube, wanted, { ...place, signal });
    return { plan, workload, counts: [] };
  }
  const parts = await Promise.all(registration.wanted.map((each) => planClassicRegistration(kube, each, signal)));
  const { createNamespace: name } = registration;
  const namespace = name === undefined ? [] : [await registrationPlan(kube, [namespaceObject(name)], signal)];
  return { plan: joined([...namespace, ...parts.map(({ plan }) => plan)]), counts: parts.map(({ count }) => count) };
}

function joined(plans: readonly ClusterPlan[]): ClusterPlan {
  return {
    create: plans.flatMap(({ create }) => create),
    change: plans.flatMap(({ change }) => change),
    unchanged: plans.flatMap(({ unchanged }) => unchanged),
    foreign: plans.flatMap(({ foreign }) => foreign),
    relabel: plans.flatMap(({ relabel }) => relabel),
    remove: plans.flatMap(({ remove }) => remove),
  };
}

import type { ClassicRegistration } from '../../mesh/classic/registration.ts';
import type { CurrentRegistration } from '../../mesh/current/registration.ts';
import type { GenerationName } from '../../mesh/generation.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { ClusterPlan } from '../api/plan.ts';

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

/** The request of one generation. */
export type RegistrationOf<G extends GenerationName> = Extract<Registration, { readonly generation: G }>;

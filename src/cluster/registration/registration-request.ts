import type { ClassicRegistration } from '../../mesh/classic/registration.ts';
import type { CurrentRegistration } from '../../mesh/current/registration.ts';
import type { GenerationName } from '../../mesh/generation.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { ClusterPlan } from '../api/plan.ts';

/** The registration of a VM as data. A kept plan holds it, and `apply` plans again from it. */
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
      /** Created if it is missing. */
      readonly createNamespace?: string;
    };

/** What must be written, and the resulting workload if there is one. */
export interface PlannedRegistration {
  readonly plan: ClusterPlan;
  readonly workload?: Workload;
  /** Number of addresses behind each service afterwards, in a classic mesh. */
  readonly counts: readonly number[];
}

/** The request of one generation. */
export type RegistrationOf<G extends GenerationName> = Extract<Registration, { readonly generation: G }>;

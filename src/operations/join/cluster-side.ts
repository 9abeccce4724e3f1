import { clusterGeneration } from '../../cluster/generation.ts';
import type { Workload } from '../../mesh/workload.ts';
import { planRegistration } from '../../cluster/registration/registration.ts';
import type { PlannedRegistration, Registration } from '../../cluster/registration/registration-request.ts';
import type { JoinContext } from './context.ts';

/** What the cluster must know of this VM, and what is missing of it. */
export interface ClusterSide extends PlannedRegistration {
  readonly registration: Registration;
}

/** Only reads. A classic VM without services needs nothing in its cluster. Throws `vm-address-needed`. */
export async function clusterSide(context: JoinContext, workload: Workload, address: string): Promise<ClusterSide> {
  const { kube, facts, options, world } = context;
  const { create } = options;
  const registration = clusterGeneration(facts.generation).joinRequest(facts, workload, { address, create });
  return { registration, ...(await planRegistration(kube, registration, world.signal)) };
}

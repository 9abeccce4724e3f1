import { detectGeneration } from '../cluster/facts/detect-generation.ts';
import type { Endpoint, EndpointRequest } from '../cluster/registration/endpoint.ts';
import { listEntries } from '../cluster/registration/entries.ts';
import { clusterGeneration } from '../cluster/facts/generation.ts';
import type { Kubernetes } from '../cluster/api/kubernetes.ts';
import { begin, readOnce } from '../cluster/api/read-once.ts';
import { serviceRef } from '../cluster/api/refs.ts';
import type { PlannedRegistration } from '../cluster/registration/registration-request.ts';
import type { World } from '../world.ts';
import { type ClusterOptions, openCluster } from './connection/cluster.ts';

/** One address of a service to register. */
export interface RegisterOptions {
  readonly cluster: ClusterOptions;
  readonly namespace: string | undefined;
  readonly endpoint: Endpoint;
  /** Creates the namespace and the service account if they are missing. */
  readonly create: boolean;
}

/** The writes, and their cluster. */
export interface PlannedRegister
  extends Pick<PlannedRegistration, 'plan' | 'counts'>, Pick<EndpointRequest, 'account' | 'member' | 'unverified'> {
  readonly kube: Kubernetes;
  readonly namespace: string;
}

/** Only reads. Throws Problems of the registration. */
export async function planRegister(world: World, options: RegisterOptions): Promise<PlannedRegister> {
  const { endpoint, create } = options;
  const { signal } = world;
  const { kube, namespace, facts } = await openCluster(world, options.cluster, options.namespace);
  const once = readOnce(kube);
  // A current cluster needs these next, and most are current.
  begin(listEntries(once, namespace, signal), once.get(serviceRef(namespace, endpoint.service), signal));
  const generation = clusterGeneration(await detectGeneration(once, facts));
  const place = { namespace, create, signal, facts };
  const { registration, ...request } = await generation.endpoint(once, endpoint, place);
  const { plan, counts } = await generation.planRegistration(once, registration, signal);
  return { kube, namespace, plan, counts, ...request };
}

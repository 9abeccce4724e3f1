import { type ObjectRef, showRef } from '../../mesh/kube-object.ts';
import { present } from '../../present.ts';
import { cloudProblems } from '../../problems/cloud.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { poll } from '../api/poll.ts';
import type { Waiting } from '../facts/facts-options.ts';
import type { ComputeEngine } from './google-compute.ts';

export interface DeletedServices {
  readonly services: readonly ObjectRef[];
  readonly wait: Waiting;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the cloud has deleted the load balancers of deleted Services: until then they cost money and hold their
 * addresses. Throws `forwarding-rules-left` with those that remain.
 */
export async function waitForForwardingRulesGone(compute: ComputeEngine, deleted: DeletedServices): Promise<void> {
  const names = new Set(deleted.services.map(({ namespace = 'default', name }) => `${namespace}/${name}`));
  const left = await waitUntilNone(deleted, 5000, 'wait until forwarding rules are gone', async () => {
    const rules = await compute.internalLoadBalancers(deleted.signal);
    return rules.filter(({ service }) => service !== undefined && names.has(service));
  });
  if (left.length === 0) return;
  const rules = left.map(({ name, address, service }) => `${name} (${address}, ${service ?? ''})`);
  throw cloudProblems.forwardingRulesLeft({ project: compute.project, rules });
}

/**
 * Waits until deleted Services are gone. The finalizer service.kubernetes.io/load-balancer-cleanup keeps a Service until
 * the cloud's controller has deleted its load balancer. Throws `services-left`.
 */
export async function waitForServicesGone(kube: Kubernetes, deleted: DeletedServices): Promise<void> {
  const { services, signal } = deleted;
  const left = await waitUntilNone(deleted, 1000, 'wait until deleted Services are gone', async () => {
    const found = await Promise.all(services.map((ref) => kube.get(ref, signal)));
    return services.filter((_ref, index) => found[index] !== undefined);
  });
  if (left.length > 0) throw clusterProblems.servicesLeft({ services: left.map(showRef) });
}

function waitUntilNone<Left>(
  { wait, signal }: DeletedServices,
  pauseMs: number,
  what: string,
  look: () => Promise<readonly Left[]>,
): Promise<readonly Left[]> {
  const { timeoutMs, intervalMs = pauseMs } = wait;
  return poll(look, (left) => left.length === 0, { timeoutMs, intervalMs, what, ...present({ signal }) });
}

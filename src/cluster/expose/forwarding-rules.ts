import { type ObjectRef, showRef } from '../../mesh/kube-object.ts';
import { cloudProblems } from '../../problems/cloud.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { ComputeEngine, InternalLoadBalancer } from '../compute/compute-engine.ts';
import type { Waiting } from '../facts/facts-options.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { poll } from '../api/poll.ts';

export interface DeletedServices {
  readonly services: readonly ObjectRef[];
  readonly wait: Waiting;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the cloud has taken away the load balancers of deleted Services: until then they cost money and hold their
 * addresses. Throws `forwarding-rules-left`, which names those that are still there.
 */
export async function waitForForwardingRulesGone(compute: ComputeEngine, deleted: DeletedServices): Promise<void> {
  const { services, wait, signal } = deleted;
  const names = new Set(services.map(({ namespace = 'default', name }) => `${namespace}/${name}`));
  const look = async (): Promise<readonly InternalLoadBalancer[]> => {
    const rules = await compute.internalLoadBalancers(signal);
    return rules.filter(({ service }) => service !== undefined && names.has(service));
  };
  const { timeoutMs, intervalMs = 5000 } = wait;
  const what = 'wait until forwarding rules are gone';
  const left = await poll(look, (rules) => rules.length === 0, {
    timeoutMs,
    intervalMs,
    what,
    ...(signal && { signal }),
  });
  if (left.length === 0) return;
  const rules = left.map(({ name, address, service }) => `${name} (${address}, ${service ?? ''})`);
  throw cloudProblems.forwardingRulesLeft({ project: compute.project, rules });
}

/**
 * Waits until deleted Services are really gone: one with a load balancer stays, marked for deletion, until the cloud's
 * controller has taken that away (finalizer service.kubernetes.io/load-balancer-cleanup). Throws `services-left`.
 */
export async function waitForServicesGone(kube: Kubernetes, deleted: DeletedServices): Promise<void> {
  const { services, wait, signal } = deleted;
  const look = async (): Promise<readonly ObjectRef[]> => {
    const found = await Promise.all(services.map((ref) => kube.get(ref, signal)));
    return services.filter((_ref, index) => found[index] !== undefined);
  };
  const { timeoutMs, intervalMs = 1000 } = wait;
  const what = 'wait until deleted Services are gone';
  const left = await poll(look, (refs) => refs.length === 0, {
    timeoutMs,
    intervalMs,
    what,
    ...(signal && { signal }),
  });
  if (left.length > 0) throw clusterProblems.servicesLeft({ services: left.map(showRef) });
}

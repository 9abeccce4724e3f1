import type { ObjectRef } from '../../mesh/kube-object.ts';
import { cloudProblems } from '../../problems/cloud.ts';
import type { ComputeEngine, InternalLoadBalancer } from '../compute/compute-engine.ts';
import type { Waiting } from '../facts-options.ts';
import { poll } from '../poll.ts';

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

import type { ObjectRef } from '../../mesh/kube-object.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { ClusterPlan } from '../api/plan.ts';
import { poll } from '../api/poll.ts';
import { configMapRef } from '../api/refs.ts';

export interface NewNamespace {
  readonly namespace: string;
  readonly plan: ClusterPlan;
  readonly signal?: AbortSignal;
  /** Milliseconds; 30 000 when absent. */
  readonly timeoutMs?: number;
}

/**
 * A new namespace gets its root certificate from istiod and its default account from Kubernetes about 100 ms later. A
 * VM that is set up before that would get neither. Throws `namespace-not-ready` after the limit.
 */
export async function waitForNamespace(kube: Kubernetes, made: NewNamespace): Promise<void> {
  if (!kube.live) return;
  const { namespace, plan, signal, timeoutMs = 30_000 } = made;
  const wanted = [...rootCert(plan, namespace), ...accounts(plan, namespace)];
  const look = async (): Promise<readonly ObjectRef[]> => {
    const found = await Promise.all(wanted.map((ref) => kube.get(ref, signal)));
    return wanted.filter((_ref, index) => found[index] === undefined);
  };
  const what = `wait for namespace ${namespace}`;
  const options = { timeoutMs, intervalMs: 50, what, ...(signal && { signal }) };
  const absent = await poll(look, (missing) => missing.length === 0, options);
  if (absent.length > 0) throw clusterProblems.namespaceNotReady({ namespace, missing: absent.map(showRef) });
}

/** Only a current mesh has it, and its plan contains a group or an entry. */
function rootCert(plan: ClusterPlan, namespace: string): readonly ObjectRef[] {
  const current = plan.create.some((object) => object.apiVersion.startsWith('networking.istio.io/'));
  return current ? [configMapRef(namespace, 'istio-ca-root-cert')] : [];
}

/** Accounts of the plan's workloads that the plan does not create. */
function accounts(plan: ClusterPlan, namespace: string): readonly ObjectRef[] {
  const made = plan.create.filter((object) => object.kind === 'ServiceAccount').map((object) => object.metadata.name);
  const used = plan.create.map((object) => {
    const spec = mapping(object['spec']);
    return text(mapping(spec['template'])['serviceAccount']) ?? text(spec['serviceAccount']);
  });
  const names = [...new Set(used.filter((name) => name !== undefined))].filter((name) => !made.includes(name));
  return names.map((name) => ({ apiVersion: 'v1', kind: 'ServiceAccount', namespace, name }));
}

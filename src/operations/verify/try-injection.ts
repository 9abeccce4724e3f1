import type { Trial } from '../../checks/verify/trial.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';

/** Meets the strictest of Kubernetes' Pod Security Standards, and only what the injector adds can break them. */
function trialPod(namespace: string): KubeObject {
  const security = {
    ...{ allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: 65_534 },
    ...{ capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'meshx-injection-trial', namespace, labels: { app: 'meshx-injection-trial' } },
    spec: { serviceAccountName: 'default', containers: [{ name: 'app', image: 'nginx', securityContext: security }] },
  };
}

const OF_THIS_POD: ReadonlySet<string> = new Set([clusterProblems.refused.id, clusterProblems.failed.id]);

/** Sends a pod to the API server as a dry run: webhooks answer as for a real one, and nothing is stored. */
export async function tryInjection(kube: Kubernetes, namespace: string, signal: AbortSignal): Promise<Trial> {
  if (!kube.live) return { untried: 'a folder of manifests has no injector' };
  try {
    return { pod: await kube.apply(trialPod(namespace), { dryRun: true, signal }) };
  } catch (error) {
    if (!(error instanceof Problem) || signal.aborted) throw error;
    if (OF_THIS_POD.has(error.id)) return { refused: error.message };
    if (error.id === clusterProblems.namespaceMissing.id) return { untried: error.message };
    if (error.id !== clusterProblems.forbidden.id) throw error;
    // RBAC and admission both answer 403.
    return /cannot (create|patch) resource/.test(error.message)
      ? { untried: `a dry run needs the right to create pods: ${error.message}` }
      : { refused: error.message };
  }
}

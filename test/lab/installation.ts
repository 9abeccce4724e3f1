import type { Manifest } from './cluster.ts';
import type { Lab } from './lab.ts';

const SYSTEM = 'istio-system';
const LABELS = { app: 'istiod', istio: 'pilot' };
/** The version of istiod that the lab builds. */
const IMAGE = 'docker.io/istio/pilot:1.29.1';

/** Writes what a chart and the controllers of a cluster add for the istiod that runs: Deployment, Pod and injector, with their status. */
export async function writeInstallation(lab: Lab): Promise<void> {
  const root = await lab.mesh.rootCertificates(SYSTEM);
  await lab.mesh.apply([deployment(), pod(), injector(root)]);
  const ready = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  await lab.mesh.patchStatus('deployment', { namespace: SYSTEM, name: 'istiod' }, ready);
  const conditions = [{ type: 'Ready', status: 'True' }];
  await lab.mesh.patchStatus('pod', { namespace: SYSTEM, name: 'istiod-lab' }, { phase: 'Running', conditions });
}

/** Takes these objects away. */
export async function removeInstallation(lab: Lab): Promise<void> {
  // No kubelet ends the pod.
  const remove = ['delete', '--ignore-not-found', '--force', '--grace-period=0'];
  await lab.kubectl(['-n', SYSTEM, ...remove, 'deployment/istiod', 'pod/istiod-lab']);
  await lab.kubectl([...remove, 'mutatingwebhookconfiguration', 'istio-sidecar-injector']);
}

function container(): object {
  return { name: 'discovery', image: IMAGE, env: [{ name: 'CLUSTER_ID', value: 'Kubernetes' }] };
}

function deployment(): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'istiod', namespace: SYSTEM, labels: { ...LABELS, 'istio.io/rev': 'default' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: LABELS }, spec: { containers: [container()] } },
    },
  };
}

/** Of the name by which the lab's istiod knows itself. */
function pod(): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'istiod-lab', namespace: SYSTEM, labels: LABELS },
    spec: { nodeName: 'n1', containers: [container()] },
  };
}

/** Selects no pod: the lab has no injection. */
function injector(root: string): Manifest {
  const service = { name: 'istiod', namespace: SYSTEM, path: '/inject' };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'istio-sidecar-injector', labels: { app: 'sidecar-injector', 'istio.io/rev': 'default' } },
    webhooks: [
      {
        name: 'rev.namespace.sidecar-injector.istio.io',
        clientConfig: { service, caBundle: Buffer.from(root).toString('base64') },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        namespaceSelector: { matchLabels: { 'lab.meshx.test/injected': 'never' } },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Ignore',
      },
    ],
  };
}

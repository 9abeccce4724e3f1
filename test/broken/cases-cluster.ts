import { apply, type BrokenCase, control, kubectl, patch, patchStatus, person, SYSTEM, typed } from './case.ts';
import { NAMESPACE } from './mesh.ts';

const VIEWER = ['--kubeconfig', '.kube/viewer'];
const isOn = (name: string, value: string): object => ({
  spec: { template: { spec: { containers: [{ name: 'discovery', env: [{ name, value }] }] } } },
});
const strategic = (object: string, change: object): string =>
  control('patch', object, '--type=strategic', '-p', JSON.stringify(change));
const image = (text: string): object => ({
  spec: { template: { spec: { containers: [{ name: 'discovery', image: text }] } } },
});
const podImage = (text: string): string =>
  strategic('pod/istiod-lab', { spec: { containers: [{ name: 'discovery', image: text }] } });
/** The mesh config without a setting, or with another one. */
export const meshConfig = (edit: string): string =>
  `kubectl -n ${SYSTEM} get configmap istio -o json | jq '.data.mesh |= (fromjson | ${edit} | tojson)' | kubectl replace -f -`;
const webhook = (name: string, labels: object): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name, labels },
  webhooks: [
    {
      name: 'rev.namespace.sidecar-injector.istio.io',
      clientConfig: { service: { name: 'istiod', namespace: SYSTEM, path: '/inject' } },
      namespaceSelector: { matchLabels: { 'lab.meshx.test/injected': 'never' } },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
});
const served = (is: boolean): string =>
  `kubectl get crd destinationrules.networking.istio.io -o json | jq '(.spec.versions[] | select(.name == "v1")).served = ${is}' | kubectl replace -f -`;
const roles = (edit: string): string => `meshx rbac check -n ${NAMESPACE} --for viewer | ${edit} | kubectl apply -f -`;

/** The control plane and the rights of the operator. */
export const CLUSTER_CASES: readonly BrokenCase[] = [
  {
    name: 'right-missing',
    what: 'the operator may not list PeerAuthentications',
    given: [roles('cat')],
    break: [roles(`grep -v peerauthentications`)],
    words: [...VIEWER, '-n', NAMESPACE],
    expected: ['rights'],
    remedy: person('only an administrator of the cluster gives rights; the hint prints the roles'),
  },
  {
    name: 'kind-not-served',
    what: 'the API server does not serve DestinationRules',
    break: [served(false)],
    expected: ['kinds-served'],
    remedy: person('the definitions must be those of the installed release'),
    restore: [served(true)],
  },
  {
    name: 'mesh-config-unreadable',
    what: 'the mesh config is not YAML',
    break: [patch('configmap/istio', { data: { mesh: 'accessLogFile: [' } }, SYSTEM)],
    expected: ['facts-read'],
    remedy: person('only its author knows what the text was to say'),
  },
  {
    name: 'not-registered-by-meshx',
    what: 'no group or entry has the label of meshx',
    break: [
      kubectl('label', 'workloadgroup,service,sidecar', '--all', 'app.kubernetes.io/managed-by-'),
      kubectl('label', 'workloadentry', '--all', 'meshx.dev/vm-'),
    ],
    expected: ['namespaces-found'],
    remedy: person('which VM joins is a decision'),
  },
  {
    name: 'other-istio-namespace',
    what: 'the namespace of the control plane is given wrongly',
    break: [],
    words: ['--istio-namespace', 'istio'],
    expected: ['control-plane-found'],
    remedy: person('the hint finds the namespace, which a person then names'),
  },
  {
    name: 'istiod-crashes',
    what: 'the pod of istiod is in CrashLoopBackOff',
    break: [
      patchStatus('deployment/istiod', { readyReplicas: 0, availableReplicas: 0 }, SYSTEM),
      patchStatus(
        'pod/istiod-lab',
        {
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            {
              ...{ name: 'discovery', ready: false, restartCount: 4, image: 'x', imageID: 'x' },
              state: { waiting: { reason: 'CrashLoopBackOff' } },
            },
          ],
        },
        SYSTEM,
      ),
    ],
    expected: ['control-plane-ready'],
    remedy: person('the events and the log of the pod say why it ends'),
  },
  {
    name: 'istiod-scaled-to-zero',
    what: 'the Deployment of istiod has no replica',
    break: [
      control('scale', 'deployment/istiod', '--replicas=0'),
      patchStatus(
        'deployment/istiod',
        { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 },
        SYSTEM,
      ),
      control('delete', 'pod', 'istiod-lab', '--force', '--grace-period=0'),
    ],
    expected: ['control-plane-ready'],
    remedy: person('someone has scaled it down, and knows whether it may run again'),
  },
  {
    name: 'istiod-half-upgraded',
    what: 'a pod of istiod has another version than its Deployment',
    break: [podImage('docker.io/istio/pilot:1.29.6')],
    expected: ['control-plane-version'],
    remedy: person('the rollout ends by itself, or the events of its pods say why it does not'),
  },
  {
    name: 'istiod-by-digest',
    what: 'the image of istiod is named by a digest',
    break: [strategic('deployment/istiod', image(`docker.io/istio/pilot@sha256:${'ab'.repeat(32)}`))],
    expected: ['control-plane-version'],
    remedy: person('the installation names the image'),
  },
  {
    name: 'registration-off',
    what: 'istiod does not register VMs',
    break: [strategic('deployment/istiod', isOn('PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION', 'false'))],
    expected: ['registration-enabled'],
    remedy: typed('registration-enabled'),
  },
  {
    name: 'health-checks-off',
    what: 'istiod ignores the health of VMs',
    break: [strategic('deployment/istiod', isOn('PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS', 'false'))],
    expected: ['registration-enabled'],
    remedy: typed('registration-enabled'),
  },
  {
    name: 'istiod-loses-health',
    what: 'istiod 1.28.0 loses changes of health',
    break: [
      strategic('deployment/istiod', image('docker.io/istio/pilot:1.28.0')),
      podImage('docker.io/istio/pilot:1.28.0'),
    ],
    expected: ['istiod-defects'],
    remedy: person('an upgrade of the control plane is planned by its owner'),
  },
  {
    name: 'istiod-sends-rejected-listeners',
    what: 'istiod 1.29.3 sends listeners that older sidecars reject',
    break: [
      strategic('deployment/istiod', image('docker.io/istio/pilot:1.29.3')),
      podImage('docker.io/istio/pilot:1.29.3'),
    ],
    expected: ['istiod-defects'],
    remedy: person('an upgrade of the control plane is planned by its owner'),
  },
  {
    name: 'istiod-without-locality',
    what: 'istiod 1.21.5 gives VMs no locality, and loses changes of health',
    break: [
      strategic('deployment/istiod', image('docker.io/istio/pilot:1.21.5')),
      podImage('docker.io/istio/pilot:1.21.5'),
    ],
    expected: ['istiod-defects'],
    remedy: person('an upgrade of the control plane is planned by its owner'),
  },
  {
    name: 'revision-tag-leads-nowhere',
    what: 'the tag prod points to a revision without a control plane',
    break: [
      apply(
        webhook('istio-revision-tag-prod', { 'istio.io/rev': '1-28', 'istio.io/tag': 'prod', app: 'sidecar-injector' }),
      ),
    ],
    expected: ['revision-tags'],
    remedy: typed('revision-tags'),
  },
  {
    name: 'namespace-revision-unknown',
    what: "the VM's namespace names a revision that does not exist",
    break: [`kubectl label namespace ${NAMESPACE} istio.io/rev=1-28`],
    expected: ['namespace-revision'],
    remedy: typed('namespace-revision'),
  },
  {
    name: 'access-log-off',
    what: 'the mesh config turns the access log off',
    break: [meshConfig('del(.accessLogFile)')],
    expected: ['access-log'],
    remedy: person('the mesh config belongs to the installation, whose owner sets it'),
  },
  {
    name: 'trust-domain-renamed',
    what: 'the mesh has an alias of its trust domain',
    break: [meshConfig('.trustDomainAliases = ["old.example"]')],
    expected: ['trust-domain-aliases'],
    remedy: person('only the owner knows whether old certificates are in use'),
  },
  {
    name: 'discovery-address-not-covered',
    what: 'sidecars get a name of istiod that the certificate of istiod lacks',
    break: [meshConfig('.defaultConfig.discoveryAddress = "pilot.istio-system.svc:15012"')],
    expected: ['discovery-address'],
    remedy: person('the mesh config belongs to the installation, whose owner sets it'),
  },
  {
    name: 'discovery-in-plaintext',
    what: 'sidecars get the plaintext port of istiod',
    break: [meshConfig('.defaultConfig.discoveryAddress = "istiod.istio-system.svc:15010"')],
    expected: ['discovery-address'],
    remedy: person('the mesh config belongs to the installation, whose owner sets it'),
  },
];

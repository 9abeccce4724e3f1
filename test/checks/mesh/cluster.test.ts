import { ISTIOD_DEFECTS } from '../../../src/mesh/istio-releases.ts';
import { findingsOf, healthyMesh, judged } from '../../support/healthy-mesh.ts';
import { add, change, remove, testBroken } from './broken-mesh.ts';

const ISTIOD = 'Deployment istio-system/istiod';
const image = (version: string) =>
  change(ISTIOD, `{spec: {template: {spec: {containers: [{name: discovery, image: 'istio/pilot:${version}'}]}}}}`);
const podImage = (version: string) =>
  change('Pod istio-system/istiod-1', `{spec: {containers: [{name: discovery, image: 'istio/pilot:${version}'}]}}`);
const release = (version: string) => [image(version), podImage(version)];
const variable = (name: string, value: string) =>
  change(
    ISTIOD,
    `{spec: {template: {spec: {containers: [{name: discovery, image: 'istio/pilot:1.30.4', env: [{name: ${name}, value: '${value}'}]}]}}}}`,
  );
const mesh = (text: string) => change('ConfigMap istio-system/istio', JSON.stringify({ data: { mesh: text } }));
const ADDRESS = 'accessLogFile: /dev/stdout\ndefaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\n';

testBroken([
  {
    title: 'a namespace without istiod says where to look',
    edits: [],
    words: { facts: { istioNamespace: 'web' } },
    found: ['error control-plane-found'],
    says: /namespace web of lab has no istiod .*kubectl get deployments -A/,
  },
  {
    title: 'a revision that does not exist names one that does',
    edits: [],
    words: { facts: { revision: 'canary' } },
    found: ['error control-plane-found'],
    says: /no istiod-canary, only istiod \| .*meshx check --revision default/,
  },
  {
    title: 'an istiod whose pod crashes',
    edits: [
      change(ISTIOD, '{status: {readyReplicas: 0}}'),
      change(
        'Pod istio-system/istiod-1',
        '{status: {phase: Running, conditions: [{type: Ready, status: "False"}], containerStatuses: [{state: {waiting: {reason: CrashLoopBackOff}}}]}}',
      ),
    ],
    found: ['error control-plane-ready'],
    says: /0 of 1 pods of Deployment istio-system\/istiod are ready; Pod istio-system\/istiod-1 is not ready: CrashLoopBackOff \| .*kubectl describe deployment istiod -n istio-system/,
  },
  {
    title: 'an istiod with one of two pods ready is a warning',
    edits: [change(ISTIOD, '{spec: {replicas: 2}, status: {readyReplicas: 1}}')],
    found: ['warning control-plane-ready'],
    says: /1 of 2 pods/,
  },
  {
    title: 'a rollout that left an old pod',
    edits: [podImage('1.30.3')],
    found: ['warning control-plane-version'],
    says: /is 1\.30\.4, but pods of it run 1\.30\.3/,
  },
  {
    title: 'an image without a version is a note',
    edits: [image('latest')],
    found: ['note control-plane-version'],
    says: /names no version.*kubectl exec -n istio-system deployment\/istiod -- pilot-discovery version/,
  },
  {
    title: 'auto-registration that is turned off',
    edits: [variable('PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION', 'false')],
    found: ['error registration-enabled'],
    says: /get no WorkloadEntry \| .*kubectl set env deployment\/istiod -n istio-system PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION=true/,
  },
  {
    title: 'health checks that are turned off are a warning',
    edits: [variable('PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS', 'false')],
    found: ['warning registration-enabled'],
    says: /ignores the health/,
  },
  {
    title: 'an istiod that loses writes of health',
    edits: release('1.29.0'),
    found: ['warning istiod-defects'],
    says: /istiod 1\.29\.0: .*pull\/59111.* \| .*1\.29\.1 or later/,
  },
  {
    title: 'an istiod that breaks older sidecars',
    edits: release('1.29.3'),
    found: ['warning istiod-defects'],
    says: /older than 1\.29\.2 rejects/,
  },
  {
    title: 'a Kubernetes that is too old for istiod',
    edits: [],
    words: { server: { version: 'v1.31.2-gke.100' } },
    found: ['warning kubernetes-supported'],
    says: /Kubernetes is v1\.31\.2-gke\.100, and Istio 1\.30\.4 supports 1\.32 to 1\.36 \| Upgrade Kubernetes/,
  },
  {
    title: 'a build of Kubernetes without a version says nothing',
    edits: [],
    words: { server: { version: 'v0.0.0-master+$Format:%H$' } },
    found: [],
    says: /^$/,
  },
  {
    title: 'a tag that points to a revision without a control plane',
    edits: [
      change(
        'MutatingWebhookConfiguration istio-revision-tag-default',
        '{metadata: {labels: {istio.io/rev: 1-29-1, istio.io/tag: prod}}}',
      ),
    ],
    found: ['error revision-tags'],
    says: /tag prod points to revision 1-29-1, .* only for default \| .*istioctl tag set prod --revision default --overwrite/,
  },
  {
    title: 'a namespace of VMs with a revision that does not exist',
    edits: [change('Namespace vm', '{metadata: {labels: {istio.io/rev: canary}}}')],
    found: ['error namespace-revision'],
    says: /istio\.io\/rev=canary names no revision or tag; .*kubectl label namespace vm istio\.io\/rev=default --overwrite/,
  },
  {
    title: 'an access log that is off is a note',
    edits: [mesh(ADDRESS.replace('accessLogFile: /dev/stdout\n', ''))],
    found: ['note access-log'],
    says: /accessLogFile .* is empty/,
  },
  {
    title: 'aliases of the trust domain are a note',
    edits: [mesh(`${ADDRESS}trustDomainAliases: [old.example]\n`)],
    found: ['note trust-domain-aliases'],
    says: /the trust domain is cluster\.local, and old\.example still count/,
  },
  {
    title: 'a mesh config that is no YAML is a finding, and the checks that need it are skipped',
    edits: [mesh('a: [')],
    found: ['error facts-read'],
    says: /ConfigMap istio-system\/istio, key mesh, cannot be used/,
  },
  {
    title: 'a discovery address in the plaintext port',
    edits: [mesh(ADDRESS.replace('15012', '15010'))],
    found: ['error discovery-address'],
    says: /plaintext port/,
  },
  {
    title: 'a discovery address that no certificate covers',
    edits: [mesh(ADDRESS.replace('istiod.istio-system.svc', 'istiod.mesh.svc'))],
    found: ['error discovery-address'],
    says: /istiod\.mesh\.svc:15012 is none of the names in the certificate/,
  },
  {
    title: 'a cluster without the kinds of VMs',
    edits: [],
    words: { server: { absent: ['WorkloadGroup', 'Sidecar'] }, only: ['cluster'] },
    found: ['error kinds-served'],
    says: /does not serve version v1 of sidecars\.networking\.istio\.io, workloadgroups\.networking\.istio\.io \| .*istio\/base/,
  },
  {
    title: 'a cluster that only serves older versions of Istio',
    edits: [],
    words: { server: { unserved: ['security.istio.io/v1'] }, only: ['cluster'] },
    found: ['error kinds-served'],
    says: /authorizationpolicies\.security\.istio\.io, peerauthentications/,
  },
  {
    title: 'a missing right, with the rule that allows it; other checks still run',
    edits: [],
    words: { server: { denied: ['list peerauthentications'] } },
    found: ['error rights'],
    says: /you may not list peerauthentications in namespace istio-system; the rule that allows it: apiGroups: \["security\.istio\.io"\], resources: \["peerauthentications"\], verbs: \["list"\] \| .*meshx rbac check -n vm --istio-namespace istio-system/,
  },
  {
    title: 'a missing right to list webhooks is a note',
    edits: [],
    words: { server: { denied: ['list mutatingwebhookconfigurations'] } },
    found: ['note rights'],
    says: /in the cluster/,
  },
  {
    title: 'a mesh without VMs is a note',
    edits: [
      ...['db1', 'web1'].map((name) => remove(`WorkloadGroup vm/${name}`)),
      ...['db1-10.0.0.5', 'web1-10.0.0.6'].map((name) => remove(`WorkloadEntry vm/${name}`)),
    ],
    found: ['note namespaces-found'],
    says: /no VM is registered/,
  },
]);

test('a check whose facts may not be read is skipped with the reason, in every namespace once', async () => {
  const results = await judged(healthyMesh(), { server: { denied: ['list peerauthentications'] } });
  const skipped = results.filter(({ ok }) => ok === 'skipped');
  expect(skipped.map(({ id }) => id)).toEqual(['mtls-agreement', 'mtls-server-first', 'mtls-port']);
  expect(new Set(skipped.map(({ detail }) => detail))).toEqual(
    new Set(['you may not list peerauthentications in namespace vm']),
  );
});

test('without the right to list all namespaces, the namespace of the context is checked, and a note says so', async () => {
  const results = await judged(healthyMesh(), { server: { denied: ['list workloadgroups'] } });
  expect(findingsOf(results)).toContain('note namespaces-found');
  expect(results.find(({ id }) => id === 'namespaces-found')?.detail).toBe(
    'only VMs of namespace default are checked: you may not list workloadgroups of all namespaces',
  );
});

test('defects of ambient meshes are left out of a mesh of sidecars', async () => {
  const defect = ISTIOD_DEFECTS.filter(({ ambientOnly }) => ambientOnly);
  expect(defect.length).toBeGreaterThan(0);
  expect(findingsOf(await judged(healthyMesh(...release('1.30.1'))))).toEqual([]);
  const ztunnel = add('{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: ztunnel, namespace: istio-system}}');
  const found = findingsOf(await judged(healthyMesh(...release('1.30.1'), ztunnel), { only: ['cluster'] }));
  expect(found).toEqual(['warning istiod-defects']);
});

import type { Kubernetes } from '../../../../src/cluster/api/kubernetes.ts';
import { agentPolicyObjects } from '../../../../src/mesh/current/agent-policy.ts';
import { agentRightsObjects } from '../../../../src/mesh/current/agent-rights.ts';
import { type KubeObject, refOf, showRef } from '../../../../src/mesh/kube-object.ts';
import { agentAccess } from '../../../../src/operations/join/agent/access.ts';
import { clusterProblems } from '../../../../src/problems/cluster.ts';

const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const place = {
  namespace: 'vm',
  group: 'db',
  account: 'db',
  entry: 'db-10.0.0.2',
  signal: new AbortController().signal,
};

/** A cluster that has these objects. `server`: of its kubeconfig. */
function cluster(
  objects: readonly KubeObject[],
  { server = 'https://10.0.0.1:6443', ca, admin = false }: { server?: string; ca?: string; admin?: boolean },
) {
  const found = new Map(objects.map((object) => [showRef(refOf(object)), object]));
  const kube: Pick<Kubernetes, 'name' | 'live' | 'get' | 'apply' | 'apiServer'> = {
    ...{ name: 'test', live: true },
    get: (ref) => Promise.resolve(found.get(showRef(ref))),
    // A dry run, or the test would see an object that was not there before.
    apply: (object, options) =>
      admin && options?.dryRun === true
        ? Promise.resolve(object)
        : Promise.reject(clusterProblems.anothersObject({ cluster: 'test', objects: [] })),
    apiServer: () => Promise.resolve({ server: new URL(server), ...(ca !== undefined && { ca }) }),
  };
  // as: the calls that this use case makes.
  return kube as Kubernetes;
}
const POLICY = agentPolicyObjects();

test('a cluster that does not limit agents gives them no rights', async () => {
  expect(await agentAccess(cluster([], { ca: CA }), place)).toBeUndefined();
  expect(await agentAccess(cluster(POLICY.slice(0, 1), { ca: CA }), place)).toBeUndefined();
});

test('an operator who may write the policy makes it with the join, and only while it is missing', async () => {
  expect((await agentAccess(cluster([], { ca: CA, admin: true }), place))?.policy).toBe(true);
  expect((await agentAccess(cluster(POLICY, { ca: CA, admin: true }), place))?.policy).toBeUndefined();
});

test('a policy that is weaker than this version knows it gives no rights', async () => {
  const [policy, binding] = POLICY as [KubeObject, KubeObject];
  const weak = { ...binding, spec: { policyName: policy.metadata.name, validationActions: ['Warn'] } };
  expect(await agentAccess(cluster([policy, weak], { ca: CA }), place)).toBeUndefined();
});

test('who may not read the policy counts as without one', async () => {
  const kube = cluster(POLICY, { ca: CA });
  const get = () => Promise.reject(clusterProblems.anothersObject({ cluster: 'test', objects: [] }));
  expect(await agentAccess({ ...kube, get }, place)).toBeUndefined();
});

test('the agent tries the name in the cluster, then the address of the kubeconfig', async () => {
  expect(await agentAccess(cluster(POLICY, { ca: CA }), place)).toEqual({
    api: [
      { server: 'https://kubernetes.default.svc', ca: CA },
      { server: 'https://10.0.0.1:6443', ca: CA },
    ],
    entries: ['db-10.0.0.2'],
  });
});

test.each([
  'https://127.0.0.1:6443',
  'https://localhost:6443',
  'https://[::1]:6443',
  'https://proxy/k8s/clusters/c1',
  'http://10.0.0.1',
])('%s is of no use on a VM', async (server) => {
  const access = await agentAccess(cluster(POLICY, { ca: CA, server }), place);
  expect(access?.api.map((each) => each.server)).toEqual(['https://kubernetes.default.svc']);
});

test('without a certificate authority in the kubeconfig, that of the namespace counts, and without both there is no way', async () => {
  const root = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'vm', name: 'kube-root-ca.crt' },
    data: { 'ca.crt': CA },
  };
  expect((await agentAccess(cluster([...POLICY, root], {}), place))?.api[0]?.ca).toBe(CA);
  expect(await agentAccess(cluster(POLICY, {}), place)).toBeUndefined();
});

test('other VMs of the group keep their rights', async () => {
  const grant = { group: 'db', namespace: 'vm', serviceAccount: 'db', entries: ['db-10.0.0.1'] };
  const access = await agentAccess(cluster([...POLICY, ...agentRightsObjects(grant)], { ca: CA }), place);
  expect(access?.entries).toEqual(['db-10.0.0.1', 'db-10.0.0.2']);
});

test('the account is known by its uid once it is there, so that a token of a former one is replaced', async () => {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'db', namespace: 'vm', uid: 'u-2' } };
  expect((await agentAccess(cluster(POLICY, { ca: CA }), place))?.accountUid).toBeUndefined();
  expect((await agentAccess(cluster([...POLICY, account], { ca: CA }), place))?.accountUid).toBe('u-2');
});

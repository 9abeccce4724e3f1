import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { clusterPlanLines } from '../../../src/cluster/api/plan.ts';
import { applyRegistration } from '../../../src/cluster/registration/register.ts';
import { planAgentPolicy } from '../../../src/cluster/rights/agent-policy.ts';
import { agentPolicyObjects } from '../../../src/mesh/current/agent-policy.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { drain } from '../../support/drain.ts';
import { FakeApiServer, type FakeApiOptions } from '../../support/fake-api-server.ts';

async function start(options: FakeApiOptions = {}) {
  const server = await FakeApiServer.start(options);
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  return { server, kube, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const [policy, binding] = agentPolicyObjects() as readonly [KubeObject, KubeObject];
const changed = (object: KubeObject, more: object): KubeObject => ({ ...object, ...more });
const ofFormat = (object: KubeObject, format: string): KubeObject => {
  const annotations = { 'meshx.dev/policy-format': format };
  return changed(object, { metadata: { ...object.metadata, annotations } });
};

test('a cluster without the policy gets it with its binding, and a second plan is empty', async () => {
  await using world = await start();
  const { plan, missing } = await planAgentPolicy(world.kube);
  expect(missing).toBeUndefined();
  expect(clusterPlanLines(plan)).toEqual([
    'create ValidatingAdmissionPolicy meshx-agents',
    'create ValidatingAdmissionPolicyBinding meshx-agents',
  ]);
  expect(world.server.mutations).toEqual([]);
  await drain(applyRegistration(world.kube, plan));
  const second = await planAgentPolicy(world.kube);
  expect(second).toMatchObject({ plan: { create: [], change: [] } });
  expect(second.missing).toBeUndefined();
});

test('an older policy of meshx is replaced', async () => {
  await using world = await start();
  const weak = changed(binding, { spec: { policyName: 'meshx-agents', validationActions: ['Audit'] } });
  for (const object of [policy, weak]) world.server.put(object, 'meshx');
  const { plan, missing } = await planAgentPolicy(world.kube);
  expect({ missing, lines: clusterPlanLines(plan) }).toEqual({
    missing: undefined,
    lines: ['change ValidatingAdmissionPolicyBinding meshx-agents: spec.validationActions'],
  });
});

test('a policy that another manager weakened leaves agents without rights', async () => {
  await using world = await start();
  world.server.put(policy, 'meshx');
  world.server.put(changed(binding, { spec: { policyName: 'meshx-agents', validationActions: ['Audit'] } }), 'kubectl');
  const { missing } = await planAgentPolicy(world.kube);
  expect(missing).toContain('kubectl');
});

test('the policy of a newer meshx stays, unless its binding no longer denies', async () => {
  await using world = await start();
  for (const object of [policy, binding]) world.server.put(ofFormat(object, '99'), 'meshx');
  expect(await planAgentPolicy(world.kube)).toEqual({ plan: expect.objectContaining({ create: [], change: [] }) });
  const spec = { policyName: 'meshx-agents', validationActions: ['Warn'] };
  world.server.put(changed(ofFormat(binding, '99'), { spec }), 'meshx');
  expect((await planAgentPolicy(world.kube)).plan.change).toHaveLength(2);
});

test.each<readonly [string, FakeApiOptions, RegExp]>([
  ['that the operator may not read', { denied: ['get validatingadmissionpolicies'] }, /forbidden/],
  ['that the operator may not write', { denied: ['patch validatingadmissionpolicies'] }, /forbidden/],
  ['that the cluster does not know', { unserved: ['admissionregistration.k8s.io/v1'] }, /ValidatingAdmissionPolicy/],
  [
    'of another owner',
    { objects: [changed(policy, { metadata: { name: 'meshx-agents' }, spec: {} })] },
    /ValidatingAdmissionPolicy meshx-agents belongs to another owner/,
  ],
])('a policy %s leaves agents without rights, and the reason is named', async (_which, options, reason) => {
  await using world = await start(options);
  const { plan, missing } = await planAgentPolicy(world.kube);
  expect(missing).toMatch(reason);
  expect(clusterPlanLines(plan)).toEqual([]);
});

test('a run that is interrupted does not go on without rights', async () => {
  await using world = await start();
  await expect(planAgentPolicy(world.kube, AbortSignal.abort())).rejects.toMatchObject({
    id: 'cluster-request-interrupted',
  });
});

import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { clusterChecks } from '../../../src/cluster/rights/preflight.ts';
import { FakeApiServer, type FakeApiOptions } from '../../support/fake-api-server.ts';

async function failed(options: FakeApiOptions) {
  await using server = await FakeApiServer.start(options);
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  const checks = await clusterChecks(kube, { namespace: 'vm', istioNamespace: 'istio-system' });
  expect(server.mutations).toEqual([]);
  return checks.filter(({ ok }) => !ok);
}

test('a cluster that serves the kinds and gives the rights passes, and nothing is changed', async () => {
  expect(await failed({})).toEqual([]);
});

test('a kind that is not served is named', async () => {
  const checks = await failed({ unserved: ['networking.istio.io/v1'] });
  expect(checks.map(({ id }) => id)).toContain('kind-workloadgroup');
});

test('a right that is missing is named with the command that shows it', async () => {
  const [check, ...others] = await failed({ denied: ['create serviceaccounts'] });
  expect(others).toEqual([]);
  expect(check?.title).toBe('you may create serviceaccounts in namespace vm');
  expect(check?.hint).toContain('kubectl auth can-i create serviceaccounts -n vm');
});

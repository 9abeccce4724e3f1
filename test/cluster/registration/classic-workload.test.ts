import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { classicWorkload } from '../../../src/cluster/registration/classic-workload.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';

const endpoints = (name: string, address: string, port: number): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace: 'vm' } },
  subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'mysql', port }] }],
});

test('a VM of a classic mesh has the services whose Endpoints hold its address', async () => {
  const objects: readonly KubeObject[] = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'vm' } },
    endpoints('mysqldb', '10.150.0.5', 3306),
    endpoints('other', '10.150.0.6', 3307),
  ];
  await using api = await FakeApiServer.start({ objects });
  const kube = await connectKubernetes({ kubeconfig: api.kubeconfig(), env: {}, home: '/nonexistent' });
  const vm = { name: 'db1', namespace: 'vm', serviceAccount: 'default', addresses: ['10.150.0.5'] };
  const workload = await classicWorkload(kube, { ...vm, signal: new AbortController().signal });
  expect(workload.services).toEqual([{ name: 'mysqldb', ports: [{ name: 'mysql', number: 3306 }] }]);
});

import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { readOnce } from '../../../src/cluster/api/read-once.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { type FakeApiOptions, FakeApiServer } from '../../support/fake-api-server.ts';

const service = (name: string, namespace = 'vm'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { ports: [{ port: 80 }] },
});
const ref = (name: string, namespace = 'vm') => ({ apiVersion: 'v1', kind: 'Service', namespace, name });

async function cluster(options: Omit<FakeApiOptions, 'objects'> = {}) {
  const objects = [service('a'), service('b'), service('a', 'other')];
  const server = await FakeApiServer.start({ objects, ...options });
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  return { server, once: readOnce(kube), asked: () => server.requests.map(({ path }) => path) };
}

test('objects of a namespace that was listed are taken from the list', async () => {
  const { server, once, asked } = await cluster();
  await using _server = server;
  await once.list({ apiVersion: 'v1', kind: 'Service', namespace: 'vm' });
  expect(await once.get(ref('a'))).toMatchObject({ kind: 'Service', metadata: { name: 'a', namespace: 'vm' } });
  expect(await once.get(ref('missing'))).toBeUndefined();
  expect(asked()).toEqual(['/api/v1/namespaces/vm/services']);
  expect(await once.get(ref('a', 'other'))).toMatchObject({ metadata: { namespace: 'other' } });
  expect(asked()).toHaveLength(2);
});

test('a list by label does not replace single reads', async () => {
  const { server, once, asked } = await cluster();
  await using _server = server;
  await once.list({ apiVersion: 'v1', kind: 'Service', namespace: 'vm', labelSelector: 'app=x' });
  expect(await once.get(ref('a'))).toBeDefined();
  expect(asked()).toHaveLength(2);
});

test('a user who may not list may still read one object', async () => {
  const { server, once } = await cluster({ denied: ['list services'] });
  await using _server = server;
  await expect(once.list({ apiVersion: 'v1', kind: 'Service', namespace: 'vm' })).rejects.toThrow();
  expect(await once.get(ref('a'))).toMatchObject({ metadata: { name: 'a' } });
});

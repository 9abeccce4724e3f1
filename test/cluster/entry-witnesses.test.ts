import { connectKubernetes } from '../../src/cluster/connect-kubernetes.ts';
import { entryWitnesses } from '../../src/cluster/entry-witnesses.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';

const workload = { group: 'db', namespace: 'vm', serviceAccount: 'db', labels: {}, services: [] };
const CONNECTED = { 'istio.io/connectedAt': '2026-01-01T00:00:00Z', 'istio.io/workloadController': 'istiod-1' };

async function question(annotations?: Readonly<Record<string, string>>, status?: object) {
  const metadata = { name: 'db-10.0.0.5', namespace: 'vm', ...(annotations && { annotations }) };
  const entry = { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', metadata, spec: {}, ...status };
  const server = await FakeApiServer.start({ objects: annotations ? [entry] : [] });
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  return { server, asked: { kube, workload, address: '10.0.0.5', signal: new AbortController().signal } };
}

test.each([
  ['connected', CONNECTED, true, 'istiod-1 has its connection since 2026-01-01T00:00:00Z'],
  ['gone', { ...CONNECTED, 'istio.io/disconnectedAt': '2026-01-02T00:00:00Z' }, false, 'at 2026-01-02T00:00:00Z'],
  ['never there', {}, false, 'no connectedAt'],
  ['without an entry', undefined, false, 'no connectedAt'],
])('istiod tells by the annotations of the entry that the sidecar is %s', async (_, annotations, ok, said) => {
  const { server, asked } = await question(annotations);
  await using _server = server;
  const witness = await entryWitnesses(asked).synced();
  expect(witness).toMatchObject({ ok, detail: expect.stringContaining(said) });
});

test.each([
  ['True', true],
  ['False', false],
  [undefined, false],
])('with a probe the health %s decides about the entry', async (status, ok) => {
  const conditions = status === undefined ? [] : [{ type: 'Healthy', status }];
  const { server, asked } = await question(CONNECTED, { status: { conditions } });
  await using _server = server;
  expect(await entryWitnesses({ ...asked, workload: { ...workload, probe: {} } }).entry()).toMatchObject({ ok });
  expect(await entryWitnesses(asked).entry()).toMatchObject({ ok: true });
});

test('both look at the entry once when they look at the same moment, and anew at another one', async () => {
  const { server, asked } = await question(CONNECTED);
  await using _server = server;
  const { entry, synced } = entryWitnesses(asked);
  await Promise.all([entry(), synced()]);
  expect(server.requests).toHaveLength(1);
  await synced();
  expect(server.requests).toHaveLength(2);
});

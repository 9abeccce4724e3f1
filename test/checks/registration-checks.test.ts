import { collected } from '../support/collected.ts';
import { connectKubernetes } from '../../src/cluster/api/connect-kubernetes.ts';
import { registrationGroup } from '../../src/checks/join/registration-checks.ts';
import type { JoinQuestion } from '../../src/checks/join/question.ts';
import { runChecks } from '../../src/checks/run.ts';
import { type EntryQuestion, vmEntry } from '../../src/cluster/registration/vm-entry.ts';
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

/** Both results, without waiting for a better answer. */
async function judged({ workload: about, ...asked }: EntryQuestion) {
  const entry = vmEntry({ ...asked, workload: about });
  // as: of the whole question, these checks read two fields.
  const question = { workload: about, entry } as unknown as JoinQuestion;
  const results = await collected(runChecks([[registrationGroup(question)]], { limitMs: 0 }));
  return Object.fromEntries(results.map((result) => [result.id, result]));
}

test.each([
  ['connected', CONNECTED, true, 'connected to istiod-1 since 2026-01-01T00:00:00Z'],
  ['gone', { ...CONNECTED, 'istio.io/disconnectedAt': '2026-01-02T00:00:00Z' }, false, 'at 2026-01-02T00:00:00Z'],
  ['never there', {}, false, 'no connectedAt'],
  ['without an entry', undefined, false, 'no connectedAt'],
])('istiod tells by the annotations of the entry that the sidecar is %s', async (_, annotations, ok, said) => {
  const { server, asked } = await question(annotations);
  await using _server = server;
  const { 'istiod-synced': synced } = await judged(asked);
  expect(synced).toMatchObject({ ok, detail: expect.stringContaining(said) });
});

test.each([
  ['True', true],
  ['False', false],
  [undefined, false],
])('with a probe the health %s decides about the entry', async (status, ok) => {
  const conditions = status === undefined ? [] : [{ type: 'Healthy', status }];
  const { server, asked } = await question(CONNECTED, { status: { conditions } });
  await using _server = server;
  expect(await judged({ ...asked, workload: { ...workload, probe: {} } })).toMatchObject({ entry: { ok } });
  expect(await judged(asked)).toMatchObject({ entry: { ok: true } });
});

test('both read the entry once when they read it at the same moment, and anew at another one', async () => {
  const { server, asked } = await question(CONNECTED);
  await using _server = server;
  const entry = vmEntry(asked);
  await Promise.all([entry(), entry()]);
  expect(server.requests).toHaveLength(1);
  await entry();
  expect(server.requests).toHaveLength(2);
});

test('without a cluster that answers both are left out', async () => {
  const question = { workload } as unknown as JoinQuestion;
  expect(await collected(runChecks([[registrationGroup(question)]], {}))).toEqual([]);
});

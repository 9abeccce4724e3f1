import type { Kubernetes } from '../../../../src/cluster/api/kubernetes.ts';
import { connectKubernetes } from '../../../../src/cluster/api/connect-kubernetes.ts';
import type { KubeObject } from '../../../../src/mesh/kube-object.ts';
import { aNamespace, aService, selfSigned } from '../../../support/cluster-objects.ts';
import { FakeApiServer, type FakeApiOptions } from '../../../support/fake-api-server.ts';
import { problemOf } from '../../../support/problem.ts';

async function start(options: FakeApiOptions = {}, timeoutMs = 5000) {
  const server = await FakeApiServer.start({ ...options, objects: [aNamespace('vm'), ...(options.objects ?? [])] });
  const user = options.token === undefined ? {} : { token: options.token };
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(user), env: {}, home: '/nowhere', timeoutMs });
  return { server, kube, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const mysqldb = { apiVersion: 'v1', kind: 'Service', namespace: 'vm', name: 'mysqldb' };
const wanted: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'mysqldb', namespace: 'vm', labels: { app: 'mysqldb' } },
  spec: { ports: [{ name: 'mysql', port: 3306 }] },
};

test('an object is applied, read, listed by label and deleted', async () => {
  await using world = await start();
  const { kube } = world;
  expect(await kube.get(mysqldb)).toBeUndefined();
  await kube.apply(wanted);
  expect((await kube.get(mysqldb))?.metadata.labels).toEqual({ app: 'mysqldb' });
  const query = { apiVersion: 'v1', kind: 'Service', namespace: 'vm' };
  const [listed] = await kube.list({ ...query, labelSelector: 'app=mysqldb' });
  expect(listed).toMatchObject({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'mysqldb' } });
  expect(await kube.list({ ...query, labelSelector: 'app=other' })).toEqual([]);
  expect(await kube.delete(mysqldb)).toBe(true);
  expect(await kube.delete(mysqldb)).toBe(false);
});

test('an apply has the field manager meshx and strict validation, and is never forced', async () => {
  await using world = await start();
  await world.kube.apply(wanted);
  const { contentType, query } = world.server.requests.at(-1) ?? {};
  expect(contentType).toBe('application/apply-patch+yaml');
  expect(query).toEqual({ fieldManager: 'meshx', fieldValidation: 'Strict' });
});

test('a dry run stores nothing', async () => {
  await using world = await start();
  await world.kube.apply(wanted, { dryRun: true });
  expect(world.server.object('Service', 'vm', 'mysqldb')).toBeUndefined();
});

test('fields of another manager are a Problem that names the manager and the fields', async () => {
  await using world = await start();
  world.server.put({ ...wanted, spec: { ports: [{ name: 'other', port: 3306, protocol: 'TCP' }] } }, 'argocd');
  const problem = await problemOf(world.kube.apply(wanted));
  expect(problem.id).toBe('field-manager-conflict');
  expect(problem.message).toMatch(/Service vm\/mysqldb has fields that argocd owns: \.spec\.ports/);
  expect(world.server.mutations).toHaveLength(1);
});

test('labels are patched alone, and on an entry in its spec too, where Services select them', async () => {
  await using world = await start();
  const entry = { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', namespace: 'vm', name: 'db-10.150.0.5' };
  const labels = { app: 'db', 'service.meshx.dev/web': 'ready' };
  const metadata = { name: entry.name, namespace: 'vm', labels };
  world.server.put({
    apiVersion: entry.apiVersion,
    kind: entry.kind,
    metadata,
    spec: { address: '10.150.0.5', labels },
  });
  await world.kube.patch(entry, { labels: { 'service.meshx.dev/mysqldb': 'ready', 'service.meshx.dev/web': null } });
  const stored = world.server.object('WorkloadEntry', 'vm', entry.name);
  const left = { app: 'db', 'service.meshx.dev/mysqldb': 'ready' };
  expect(stored?.metadata.labels).toEqual(left);
  expect(stored?.['spec']).toEqual({ address: '10.150.0.5', labels: left });
  expect(world.server.requests.at(-1)?.contentType).toBe('application/merge-patch+json');
});

test('a token is issued for an audience and says when it expires', async () => {
  await using world = await start();
  world.server.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'db', namespace: 'vm' } });
  const query = { namespace: 'vm', serviceAccount: 'db', audience: 'istio-ca', seconds: 600 };
  const { token, expires } = await world.kube.token(query);
  expect(token).toBe('token-of-db-for-istio-ca');
  expect(expires.getTime() - Date.now()).toBeGreaterThan(590_000);
  expect((await problemOf(world.kube.token({ ...query, seconds: 60 }))).message).toMatch(/less than 10 minutes/);
  expect((await problemOf(world.kube.token({ ...query, serviceAccount: 'nobody' }))).id).toBe('object-missing');
});

test('a refusal is an answer, and creates nothing', async () => {
  await using world = await start({ serviceCidr: '10.63.240.0/20' });
  const impossible = { ...wanted, spec: { clusterIP: '1.1.1.1', ports: [{ port: 443 }] } };
  expect(await world.kube.refusal(impossible)).toMatch(/The range of valid IPs is 10\.63\.240\.0\/20$/);
  expect(await world.kube.refusal(wanted)).toBeUndefined();
  expect(world.server.mutations).toEqual([]);
});

test('lists are read in pages', async () => {
  const objects = Array.from({ length: 1201 }, (_, index) => aService(`s${index}`, { namespace: 'vm' }));
  await using world = await start({ objects });
  expect(await world.kube.list({ apiVersion: 'v1', kind: 'Service', namespace: 'vm' })).toHaveLength(1201);
  expect(world.server.requests).toHaveLength(3);
});

test('reads send no mutating request', async () => {
  await using world = await start({ serviceCidr: '10.63.240.0/20' });
  await world.kube.get(mysqldb);
  await world.kube.list({ apiVersion: 'v1', kind: 'Service' });
  await world.kube.refusal({ ...wanted, spec: { clusterIP: '1.1.1.1' } });
  expect(world.server.mutations).toEqual([]);
});

test('a kind that the cluster does not serve reads as absent, and a write is a Problem', async () => {
  await using world = await start({ unserved: ['networking.istio.io/v1'] });
  const { kube } = world;
  const group = { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadGroup' };
  const ref = { ...group, namespace: 'vm', name: 'db' };
  expect(await kube.get(ref)).toBeUndefined();
  expect(await kube.list(group)).toEqual([]);
  const problem = await problemOf(kube.apply({ ...group, metadata: { name: 'db', namespace: 'vm' } }));
  expect(problem.id).toBe('kind-not-served');
  expect(problem.message).toBe('lab does not serve WorkloadGroup (networking.istio.io/v1).');
});

test('the version and the served kinds of an API server are read, and a group that is not served has none', async () => {
  await using world = await start({ version: 'v1.34.2-eks', unserved: ['security.istio.io/v1'], absent: ['Gateway'] });
  expect(await world.kube.version?.()).toBe('v1.34.2-eks');
  const kinds = await world.kube.served?.('networking.istio.io/v1');
  expect(kinds).toContain('WorkloadEntry');
  expect(kinds).not.toContain('Gateway');
  expect(new Set(kinds).size).toBe(kinds?.length);
  expect(await world.kube.served?.('security.istio.io/v1')).toEqual([]);
});

test('a missing namespace is named', async () => {
  await using world = await start();
  const problem = await problemOf(world.kube.apply({ ...wanted, metadata: { name: 'mysqldb', namespace: 'gone' } }));
  expect(problem.id).toBe('namespace-missing');
  expect(problem.hint).toBe('Create it with: kubectl create namespace gone');
});

test('a right that is missing is named with its verb and resource', async () => {
  await using world = await start({ denied: ['list services', 'get configmaps'] });
  const problem = await problemOf(world.kube.list({ apiVersion: 'v1', kind: 'Service', namespace: 'istio-system' }));
  expect(problem.id).toBe('cluster-forbidden');
  expect(problem.message).toMatch(
    /^You are not allowed to list services of namespace istio-system in lab: .*cannot list resource "services"/,
  );
});

test.each(['a;b', 'a\nb', '$(touch x)', 'x'.repeat(300), 'Upper', '../../default/services/kubernetes'])(
  'the hostile name %j stays in its place of the path and changes nothing',
  async (name) => {
    await using world = await start();
    expect(await world.kube.get({ ...mysqldb, name })).toBeUndefined();
    const problem = await problemOf(world.kube.apply({ ...wanted, metadata: { name, namespace: 'vm' } }));
    expect(problem.id).toBe('cluster-refused-object');
    expect(world.server.requests.every(({ path }) => path.startsWith('/api/v1/namespaces/vm/services/'))).toBe(true);
    expect(world.server.object('Service', 'vm', name)).toBeUndefined();
  },
);

test('a name of dots is never sent: it would climb to another resource', async () => {
  await using world = await start();
  expect((await problemOf(world.kube.get({ ...mysqldb, name: '..' }))).id).toBe('cluster-refused-object');
  expect(world.server.requests).toEqual([]);
});

describe('an API server that fails', () => {
  test.each([429, 500, 503])('%d is retried, and answers', async (answer) => {
    await using world = await start({ objects: [wanted] });
    world.server.fail({ on: /GET/, answer, times: 2 });
    expect(await world.kube.get(mysqldb)).toBeDefined();
    expect(world.server.requests).toHaveLength(3);
  });

  test('it is tried three times', async () => {
    await using world = await start();
    world.server.fail({ on: /GET/, answer: 503, message: 'etcd has no leader' });
    const problem = await problemOf(world.kube.get(mysqldb));
    expect(problem.id).toBe('cluster-request-failed');
    expect(problem.message).toBe('The API server of lab failed (503) to get Service vm/mysqldb: etcd has no leader');
    expect(world.server.requests).toHaveLength(3);
  });

  test('a reset connection is opened again', async () => {
    await using world = await start({ objects: [wanted] });
    world.server.fail({ on: /GET/, answer: 'reset', times: 1 });
    expect(await world.kube.get(mysqldb)).toBeDefined();
  });

  test('one that hangs ends after the time limit', async () => {
    await using world = await start({}, 200);
    world.server.fail({ on: /GET/, answer: 'hang' });
    const problem = await problemOf(world.kube.get(mysqldb));
    expect(problem.message).toBe('The API server of lab did not answer within 0.2 s (get Service vm/mysqldb).');
  });

  test('an interruption does not wait for it', async () => {
    await using world = await start();
    world.server.fail({ on: /GET/, answer: 'hang' });
    const stop = new AbortController();
    const asked = problemOf(world.kube.get(mysqldb, stop.signal));
    stop.abort();
    expect((await asked).id).toBe('cluster-request-interrupted');
  });

  test('a page of a proxy is not an answer', async () => {
    await using world = await start();
    world.server.fail({ on: /GET/, answer: 'html' });
    expect((await problemOf(world.kube.get(mysqldb))).message).toMatch(/the answer is not JSON \(\d+ bytes\)/);
  });

  test('an object that changed in between is not overwritten', async () => {
    await using world = await start({ objects: [wanted] });
    const found = (await world.kube.get(mysqldb)) as KubeObject;
    world.server.put(found, 'kubectl');
    expect((await problemOf(world.kube.apply(found))).id).toBe('object-changed-meanwhile');
  });
});

describe('who may come in', () => {
  const connect = async (kubeconfig: string): Promise<Kubernetes> =>
    connectKubernetes({ kubeconfig, env: {}, home: '/nowhere' });

  test('a wrong token is a Problem, a right one is let in', async () => {
    await using server = await FakeApiServer.startTrusted({ token: 'right' });
    const refused = await problemOf((await connect(server.kubeconfig({ token: 'wrong' }))).get(mysqldb));
    expect(refused.id).toBe('cluster-unauthorized');
    expect(refused.message).not.toContain('wrong');
    expect(await (await connect(server.kubeconfig({ token: 'right' }))).get(mysqldb)).toBeUndefined();
  });

  test('a certificate that the kubeconfig does not know is not trusted', async () => {
    const tls = selfSigned();
    await using server = await FakeApiServer.start({ tls });
    expect((await problemOf((await connect(server.kubeconfig())).get(mysqldb))).id).toBe(
      'cluster-certificate-untrusted',
    );
    const ca = { 'certificate-authority-data': Buffer.from(tls.cert).toString('base64') };
    expect(await (await connect(server.kubeconfig({}, ca))).get(mysqldb)).toBeUndefined();
  });

  test('a server that is not there is named', async () => {
    const server = await FakeApiServer.start();
    const kubeconfig = server.kubeconfig();
    const kube = await connect(kubeconfig);
    await server[Symbol.asyncDispose]();
    const problem = await problemOf(kube.get(mysqldb));
    expect(problem.id).toBe('cluster-unreachable');
    expect(problem.message).toMatch(
      /^The API server of lab \(http:\/\/127\.0\.0\.1:\d+\) is unreachable: .*ECONNREFUSED/,
    );
  });
});

import {
  planClassicDeregistration,
  planClassicRegistration,
} from '../../../src/cluster/registration/classic-registration.ts';
import {
  planCurrentDeregistration,
  type Deregistration,
} from '../../../src/cluster/registration/current-deregistration.ts';
import { planCurrentRegistration } from '../../../src/cluster/registration/current-registration.ts';
import type { Kubernetes } from '../../../src/cluster/api/kubernetes.ts';
import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { clusterPlanLines, isEmptyClusterPlan, type ClusterPlan } from '../../../src/cluster/api/plan.ts';
import { applyRegistration } from '../../../src/cluster/registration/register.ts';
import type { CurrentRegistration } from '../../../src/mesh/current/registration.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import type { Workload } from '../../../src/mesh/workload.ts';
import { aConfigMap, aNamespace, aService } from '../../support/cluster-objects.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { expectGolden } from '../../support/golden.ts';
import { problemOf } from '../../support/problem.ts';

const NETWORKING = 'networking.istio.io/v1';
const mysqldb = { name: 'mysqldb', ports: [{ number: 3306, name: 'tcp-mysql' }] };
const web = { name: 'web', ports: [{ number: 8080, name: 'http-web' }] };
const workload = (words: Partial<Workload> = {}): Workload => ({
  group: 'db',
  namespace: 'vm',
  serviceAccount: 'db',
  labels: {},
  services: [mysqldb],
  ...words,
});

const PORTS = { 'tcp-mysql-3306': 3306, 'http-web-8080': 8080 };

async function start(objects: readonly KubeObject[] = [aNamespace('vm')]) {
  const server = await FakeApiServer.start({ objects });
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  const register = async (words: Partial<Workload> = {}, more: Partial<CurrentRegistration> = {}) =>
    planCurrentRegistration(kube, { workload: workload(words), ...more }, { istioNamespace: 'istio-system' });
  const deregister = (words: Partial<Deregistration> = {}) =>
    planCurrentDeregistration(kube, { namespace: 'vm', service: 'mysqldb', ...words });
  const carryOut = (plan: ClusterPlan): Promise<readonly string[]> => written(kube, plan);
  return { server, kube, register, deregister, carryOut, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function written(kube: Kubernetes, plan: ClusterPlan): Promise<readonly string[]> {
  const done: string[] = [];
  for await (const { verb, ref } of applyRegistration(kube, plan)) done.push(`${verb} ${ref.kind} ${ref.name}`);
  return done;
}

const entry = (
  address: string,
  labels: Readonly<Record<string, string>>,
  group?: string,
  ports?: Readonly<Record<string, number>>,
): KubeObject => ({
  apiVersion: NETWORKING,
  kind: 'WorkloadEntry',
  metadata: {
    name: group === undefined ? `fixed-${address}` : `${group}-${address}`,
    namespace: 'vm',
    labels: { ...labels, ...(group === undefined && { 'app.kubernetes.io/managed-by': 'meshx' }) },
    ...(group !== undefined && { annotations: { 'istio.io/autoRegistrationGroup': group } }),
  },
  spec: { address, labels, ...(ports && { ports }) },
});

describe('register, current', () => {
  test('makes WorkloadGroup, Service and Sidecar, in this order, by server-side apply', async () => {
    await using world = await start();
    const { plan } = await world.register();
    expect(clusterPlanLines(plan)).toEqual([
      'create WorkloadGroup vm/db',
      'create Service vm/mysqldb',
      'create Sidecar vm/meshx-db',
    ]);
    expect(world.server.mutations).toEqual([]);
    expect(await world.carryOut(plan)).toEqual([
      'created WorkloadGroup db',
      'created Service mysqldb',
      'created Sidecar meshx-db',
    ]);
    expect(world.server.mutations).toHaveLength(3);
  });

  test('a second run sends no mutating request', async () => {
    await using world = await start();
    await world.carryOut((await world.register()).plan);
    const before = world.server.mutations.length;
    const { plan } = await world.register();
    expect(isEmptyClusterPlan(plan)).toBe(true);
    await world.carryOut(plan);
    expect(world.server.mutations).toHaveLength(before);
  });

  test('the plan of a second service keeps the first one, and settles', async () => {
    await using world = await start();
    await world.carryOut((await world.register()).plan);
    const second = await world.register({ services: [web] });
    expectGolden('cluster/registration/second-service.txt', `${clusterPlanLines(second.plan).join('\n')}\n`);
    expect(second.workload.services.map(({ name }) => name)).toEqual(['mysqldb', 'web']);
    await world.carryOut(second.plan);
    expect(isEmptyClusterPlan((await world.register({ services: [web] })).plan)).toBe(true);
    expect(isEmptyClusterPlan((await world.register()).plan)).toBe(true);
  });

  test('changed ports are updated, and the old ones go', async () => {
    await using world = await start();
    await world.carryOut((await world.register()).plan);
    const changed = { services: [{ name: 'mysqldb', ports: [{ number: 3307, name: 'tcp-mysql' }] }] };
    await world.carryOut((await world.register(changed)).plan);
    const spec = world.server.object('Service', 'vm', 'mysqldb')?.['spec'];
    expect(spec).toMatchObject({ ports: [{ port: 3307 }] });
    expect(isEmptyClusterPlan((await world.register(changed)).plan)).toBe(true);
  });

  test('a namespace is made on request, and its root certificate waited for', async () => {
    await using world = await start([]);
    const { plan } = await world.register({}, { createNamespace: true, createServiceAccount: true });
    const done: string[] = [];
    for await (const { verb, ref } of applyRegistration(world.kube, plan)) {
      done.push(`${verb} ${ref.kind}`);
      // istiod writes its root into a new namespace a moment later.
      if (ref.kind === 'Namespace') world.server.put(aConfigMap('vm', 'istio-ca-root-cert', { 'root-cert.pem': '' }));
    }
    expect(done).toEqual(
      ['Namespace', 'ServiceAccount', 'WorkloadGroup', 'Service', 'Sidecar'].map((kind) => `created ${kind}`),
    );
    const paths = world.server.requests.map(({ path }) => path);
    expect(paths).toContain('/api/v1/namespaces/vm/configmaps/istio-ca-root-cert');
  });

  test('an entry that is there gets the label of a new service, and keeps the state of the others', async () => {
    await using world = await start();
    await world.carryOut((await world.register()).plan);
    world.server.put(entry('10.150.0.5', { 'service.meshx.dev/mysqldb': 'failing', app: 'db' }, 'db'));
    const { plan } = await world.register({ services: [web] });
    expect(plan.relabel).toMatchObject([
      { ref: { name: 'db-10.150.0.5' }, labels: { 'service.meshx.dev/web': 'ready' } },
    ]);
    await world.carryOut(plan);
    const labels = { 'service.meshx.dev/mysqldb': 'failing', 'service.meshx.dev/web': 'ready', app: 'db' };
    expect(world.server.object('WorkloadEntry', 'vm', 'db-10.150.0.5')?.['spec']).toMatchObject({ labels });
  });

  test('a label that only the metadata of an entry has is given to its spec, by which Services select', async () => {
    await using world = await start();
    await world.carryOut((await world.register()).plan);
    const { metadata, ...rest } = entry('10.150.0.5', {}, 'db');
    const labels = { 'service.meshx.dev/mysqldb': 'failing' };
    world.server.put({ ...rest, metadata: { ...metadata, labels } });
    const { plan } = await world.register();
    expect(plan.relabel).toMatchObject([{ labels }]);
    await world.carryOut(plan);
    expect(world.server.object('WorkloadEntry', 'vm', 'db-10.150.0.5')?.['spec']).toMatchObject({ labels });
    expect((await world.register()).plan.relabel).toEqual([]);
  });

  test('a service that a dead run left out of rotation is ready again', async () => {
    await using world = await start();
    await world.carryOut((await world.register()).plan);
    world.server.put(entry('10.150.0.5', { 'service.meshx.dev/mysqldb': 'draining' }, 'db'));
    const { plan } = await world.register();
    expect(clusterPlanLines(plan)).toEqual([
      'label WorkloadEntry vm/db-10.150.0.5: service.meshx.dev/mysqldb=ready, port tcp-mysql-3306=3306, annotation meshx.dev/ports=tcp-mysql-3306=3306',
    ]);
  });

  test('a fixed entry beside an automatic one of the same address and service is refused', async () => {
    await using world = await start();
    world.server.put(entry('10.150.0.5', { 'service.meshx.dev/mysqldb': 'ready' }, 'db'));
    const fixed = { fixedEntry: { address: '10.150.0.5' } };
    expect((await problemOf(world.register({ group: 'other' }, fixed))).id).toBe('entry-beside-automatic');
    const plan = (await world.register({ group: 'other', services: [web] }, fixed)).plan;
    expect(clusterPlanLines(plan)).toEqual(['create WorkloadEntry vm/other-at-10.150.0.5', 'create Service vm/web']);
  });

  test('a WorkloadGroup of another owner is refused before anything is written', async () => {
    const group = {
      apiVersion: NETWORKING,
      kind: 'WorkloadGroup',
      metadata: { name: 'db', namespace: 'vm' },
      spec: {},
    };
    await using world = await start([aNamespace('vm'), group]);
    const problem = await problemOf(world.register());
    expect(problem.id).toBe('object-of-another-owner');
    expect(problem.message).toMatch(/WorkloadGroup vm\/db: /);
    expect(world.server.mutations).toEqual([]);
  });

  test('the egress of the Sidecar that governs the namespace is kept', async () => {
    const spec = { egress: [{ hosts: ['./*', 'istio-system/*'] }] };
    const sidecar = { apiVersion: NETWORKING, kind: 'Sidecar', metadata: { name: 'default', namespace: 'vm' }, spec };
    await using world = await start([aNamespace('vm'), sidecar]);
    const { plan } = await world.register();
    expect(plan.create.find(({ kind }) => kind === 'Sidecar')).toMatchObject({ spec });
    await world.carryOut(plan);
    expect(isEmptyClusterPlan((await world.register()).plan)).toBe(true);
  });

  test("the egress of a Sidecar in the root namespace is kept, where that is not the control plane's", async () => {
    const general = (namespace: string, host: string): KubeObject => ({
      apiVersion: NETWORKING,
      kind: 'Sidecar',
      metadata: { name: 'default', namespace },
      spec: { egress: [{ hosts: [host] }] },
    });
    await using world = await start([aNamespace('vm'), general('istio-system', './*'), general('istio-config', '*/*')]);
    const place = { istioNamespace: 'istio-system', rootNamespace: 'istio-config' };
    const { plan } = await planCurrentRegistration(world.kube, { workload: workload() }, place);
    const [sidecar] = plan.create.filter(({ kind }) => kind === 'Sidecar');
    expect(sidecar).toMatchObject({ spec: { egress: [{ hosts: ['*/*'] }] } });
  });
});

describe("another owner's Service", () => {
  const theirs = (words: Parameters<typeof aService>[1] = {}): KubeObject =>
    aService('mysqldb', {
      namespace: 'vm',
      selector: { tier: 'data' },
      ports: [{ name: 'mysql', port: 3306 }],
      ...words,
    });

  test('is joined by the labels that it selects, and not touched', async () => {
    await using world = await start([aNamespace('vm'), theirs()]);
    world.server.put(entry('10.150.0.5', { 'service.meshx.dev/mysqldb': 'ready' }, 'db'));
    const { plan } = await world.register();
    expect(clusterPlanLines(plan)).toEqual([
      'create WorkloadGroup vm/db',
      'create Sidecar vm/meshx-db',
      'label WorkloadEntry vm/db-10.150.0.5: tier=data, port tcp-mysql-3306=3306, annotation meshx.dev/ports=tcp-mysql-3306=3306',
    ]);
    expect(plan.create[0]).toMatchObject({ spec: { metadata: { labels: { tier: 'data' } } } });
  });

  test('may have another port that leads to that of the VM', async () => {
    await using world = await start([aNamespace('vm'), theirs({ ports: [{ port: 33060, targetPort: 3306 }] })]);
    expect((await world.register()).workload.labels).toMatchObject({ tier: 'data' });
  });

  test.each([
    ['the name of the port', { name: 'mysql', port: 33060, targetPort: 'db' }, 'db'],
    ['the target', { name: 'sql', port: 33060, targetPort: 'mysql' }, 'mysql'],
    ['the number', { name: 'sql', port: 3306, targetPort: 'db' }, 'db'],
  ])(
    'may lead to a named target port, found by %s: the group and its entries get that name',
    async (_, port, target) => {
      await using world = await start([aNamespace('vm'), theirs({ ports: [port] })]);
      world.server.put(entry('10.150.0.5', { 'service.meshx.dev/mysqldb': 'ready' }, 'db'));
      const services = [{ name: 'mysqldb', ports: [{ number: 3306, name: 'mysql' }] }];
      const { plan } = await world.register({ services });
      const ports = { 'mysql-3306': 3306, [target]: 3306 };
      expect(plan.create[0]).toMatchObject({ spec: { template: { ports } } });
      expect(plan.relabel).toEqual([expect.objectContaining({ ports })]);
    },
  );

  test.each([
    ['another port', theirs({ ports: [{ port: 5432 }] }), {}, 'none of its ports leads to 3306 (it has 5432)'],
    [
      'a port that leads elsewhere',
      theirs({ ports: [{ port: 3306, targetPort: 3307 }] }),
      {},
      'none of its ports leads to 3306 (it has 3306 to 3307)',
    ],
    [
      'a named target that no wanted port has',
      theirs({ ports: [{ name: 'web', port: 80, targetPort: 'web' }] }),
      {},
      'none of its ports leads to 3306 (it has 80 to web)',
    ],
    [
      'a port of UDP',
      theirs({ ports: [{ port: 3306, protocol: 'UDP' }] }),
      {},
      'none of its ports leads to 3306 (it has 3306 by UDP)',
    ],
    [
      'a named target of SCTP',
      theirs({ ports: [{ name: 'mysql', port: 3306, targetPort: 'mysql', protocol: 'SCTP' }] }),
      {},
      'none of its ports leads to 3306 (it has 3306 to mysql by SCTP)',
    ],
    ['no selector', theirs({ selector: {} }), {}, 'it selects nothing, so no entry can become its endpoint'],
    [
      'a label that the workload has otherwise',
      theirs(),
      { labels: { tier: 'web' } },
      'it selects tier=data, this workload has tier=web',
    ],
  ])('with %s is a Problem that says why', async (_what, service, words, reason) => {
    await using world = await start([aNamespace('vm'), service]);
    const problem = await problemOf(world.register(words));
    expect(problem.id).toBe('service-of-another-owner');
    expect(problem.issues).toEqual([reason]);
  });
});

describe('deregister, current', () => {
  test('takes a service out of its group and deletes the Service that meshx made; the rest stays', async () => {
    await using world = await start();
    await world.carryOut((await world.register({ services: [mysqldb, web] })).plan);
    world.server.put(
      entry('10.150.0.5', { 'service.meshx.dev/mysqldb': 'ready', 'service.meshx.dev/web': 'ready' }, 'db', PORTS),
    );
    await world.carryOut((await world.register({ services: [mysqldb, web] })).plan);
    const plan = await world.deregister();
    expectGolden('cluster/registration/deregister.txt', `${clusterPlanLines(plan).join('\n')}\n`);
    await world.carryOut(plan);
    expect(world.server.object('Service', 'vm', 'mysqldb')).toBeUndefined();
    expect(world.server.object('Service', 'vm', 'web')).toBeDefined();
    expect(isEmptyClusterPlan((await world.register({ services: [web] })).plan)).toBe(true);
    expect((await problemOf(world.deregister())).id).toBe('service-not-registered');
  });

  test('with an address takes only that machine', async () => {
    await using world = await start();
    await world.carryOut((await world.register()).plan);
    for (const address of ['10.150.0.5', '10.150.0.6'])
      world.server.put(entry(address, { 'service.meshx.dev/mysqldb': 'ready' }, 'db'));
    const plan = await world.deregister({ address: '10.150.0.6' });
    expect(clusterPlanLines(plan)).toEqual(['label WorkloadEntry vm/db-10.150.0.6: service.meshx.dev/mysqldb-']);
  });

  test('an address that is not there is said in the words of istioctl', async () => {
    await using world = await start();
    await world.carryOut((await world.register()).plan);
    const problem = await problemOf(world.deregister({ address: '10.150.0.9' }));
    expect(problem.message).toMatch(/^could not find ip 10\.150\.0\.9 in svc mysqldb endpoints/);
  });

  test('a fixed entry goes with its last service; the Service can be kept', async () => {
    await using world = await start();
    const fixed = { fixedEntry: { address: '10.150.0.5' } };
    await world.carryOut((await world.register({ group: 'db-1' }, fixed)).plan);
    const words = { address: '10.150.0.5' };
    expect(clusterPlanLines(await world.deregister(words))).toEqual([
      'delete WorkloadEntry vm/db-1-at-10.150.0.5',
      'delete Service vm/mysqldb',
    ]);
    expect(clusterPlanLines(await world.deregister({ ...words, keepService: true }))).toEqual([
      'delete WorkloadEntry vm/db-1-at-10.150.0.5',
    ]);
  });
});

describe('classic', () => {
  const mysql = {
    service: 'mysqldb',
    namespace: 'vm',
    address: '10.150.0.5',
    ports: [{ number: 3306, name: 'mysql' }],
  };

  test('an address is added once, with its account, and a second run changes nothing', async () => {
    await using world = await start();
    const first = await planClassicRegistration(world.kube, mysql);
    expect(await world.carryOut(first.plan)).toEqual(['created Service mysqldb', 'created Endpoints mysqldb']);
    const account = { 'alpha.istio.io/kubernetes-serviceaccounts': 'default' };
    expect(world.server.object('Endpoints', 'vm', 'mysqldb')?.metadata.annotations).toMatchObject(account);
    const again = await planClassicRegistration(world.kube, mysql);
    expect(isEmptyClusterPlan(again.plan)).toBe(true);
    expect(again.count).toBe(1);
  });

  test('a second address joins the subset of the same ports', async () => {
    await using world = await start();
    await world.carryOut((await planClassicRegistration(world.kube, mysql)).plan);
    const second = await planClassicRegistration(world.kube, { ...mysql, address: '10.150.0.6' });
    expect(second.count).toBe(2);
    await world.carryOut(second.plan);
    const subsets = world.server.object('Endpoints', 'vm', 'mysqldb')?.['subsets'];
    expect(subsets).toMatchObject([{ addresses: [{ ip: '10.150.0.5' }, { ip: '10.150.0.6' }] }]);
  });

  test('the last address takes the objects with it, unless the Service is to stay', async () => {
    await using world = await start();
    await world.carryOut((await planClassicRegistration(world.kube, mysql)).plan);
    const gone = { namespace: 'vm', service: 'mysqldb', address: '10.150.0.5' };
    const kept = await planClassicDeregistration(world.kube, { ...gone, keepService: true });
    expect(clusterPlanLines(kept.plan)).toEqual(['change Endpoints vm/mysqldb: subsets']);
    const { plan } = await planClassicDeregistration(world.kube, gone);
    expect(clusterPlanLines(plan)).toEqual(['delete Service vm/mysqldb', 'delete Endpoints vm/mysqldb']);
    await world.carryOut(plan);
    const problem = await problemOf(planClassicDeregistration(world.kube, gone));
    expect(problem.message).toMatch(/could not find ip 10\.150\.0\.5 in svc mysqldb endpoints/);
  });

  test('an address that was registered in between is not lost', async () => {
    await using world = await start();
    await world.carryOut((await planClassicRegistration(world.kube, mysql)).plan);
    const { plan } = await planClassicRegistration(world.kube, { ...mysql, address: '10.150.0.6' });
    await world.carryOut((await planClassicRegistration(world.kube, { ...mysql, address: '10.150.0.7' })).plan);
    expect((await problemOf(world.carryOut(plan))).id).toBe('object-changed-meanwhile');
  });
});

test('a deregistration names the VMs whose agents still probe the service', async () => {
  const key = { 'service.meshx.dev/mysqldb': 'ready' };
  const agent = entry('10.150.0.5', key, 'db', PORTS);
  const withAgent = {
    ...agent,
    metadata: { ...agent.metadata, annotations: { ...agent.metadata.annotations, 'meshx.dev/agent': '3' } },
  };
  const without = entry('10.150.0.6', key, 'db2', PORTS);
  await using cluster = await start([aNamespace('vm'), withAgent, without]);
  expect((await cluster.deregister()).notes).toEqual([
    'the agent on db still probes mysqldb: remove /etc/meshx/services.d/mysqldb.yaml there',
  ]);
  expect((await cluster.deregister({ address: '10.150.0.6' })).notes).toBeUndefined();
});

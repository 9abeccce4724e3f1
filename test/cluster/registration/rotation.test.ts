import { jest } from '@jest/globals';
import type { Leaving } from '../../../src/cluster/registration/registered-vm.ts';
import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { clusterPlanLines, type ClusterPlan, isEmptyClusterPlan } from '../../../src/cluster/api/plan.ts';
import { applyRegistration } from '../../../src/cluster/registration/register.ts';
import { planClassicRegistration } from '../../../src/cluster/registration/classic-registration.ts';
import { planCurrentRegistration } from '../../../src/cluster/registration/current-registration.ts';
import { clusterGeneration } from '../../../src/cluster/facts/generation.ts';
import type { RegisteredVm } from '../../../src/cluster/registration/registered-vm.ts';
import { serviceObject } from '../../../src/mesh/current/objects.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import type { Workload } from '../../../src/mesh/workload.ts';
import { aNamespace } from '../../support/cluster-objects.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';

// The first test loads the client of the API server.
jest.setTimeout(30_000);

const NETWORKING = 'networking.istio.io/v1';
const IP = '10.150.0.5';
const KEY = 'service.meshx.dev/mysqldb';
const mysqldb = { name: 'mysqldb', ports: [{ number: 3306, name: 'mysql' }] };
const web = { name: 'web', ports: [{ number: 8080, name: 'http' }] };
const db: Workload = { group: 'db', namespace: 'vm', serviceAccount: 'db', labels: {}, services: [mysqldb] };
const vm: RegisteredVm = { generation: 'current', namespace: 'vm', group: 'db', addresses: [IP] };
const classicVm: RegisteredVm = { ...vm, generation: 'classic' };

async function start(objects: readonly KubeObject[] = [aNamespace('vm')]) {
  const server = await FakeApiServer.start({ objects });
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  const carryOut = async (plan: ClusterPlan): Promise<readonly string[]> => {
    const done: string[] = [];
    for await (const { verb, ref } of applyRegistration(kube, plan)) done.push(`${verb} ${ref.kind} ${ref.name}`);
    return done;
  };
  const register = async (workload: Workload) => {
    const wanted = { workload, createServiceAccount: true };
    await carryOut((await planCurrentRegistration(kube, wanted, { istioNamespace: 'istio-system' })).plan);
  };
  const depart = async (words: Partial<Leaving> = {}) => {
    const leaving = { ...vm, ...words };
    const { plan, notes } = await clusterGeneration(leaving.generation).planDeparture(kube, leaving);
    return { plan, notes, lines: clusterPlanLines(plan) };
  };
  return { server, kube, carryOut, register, depart, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const entry = (address: string, labels: Readonly<Record<string, string>>, group = 'db'): KubeObject => ({
  apiVersion: NETWORKING,
  kind: 'WorkloadEntry',
  metadata: {
    name: `${group}-${address}`,
    namespace: 'vm',
    labels,
    annotations: { 'istio.io/autoRegistrationGroup': group },
  },
  spec: { address, labels },
});

const stateOf = (object: KubeObject | undefined): unknown =>
  (object?.['spec'] as { readonly labels?: Readonly<Record<string, string>> } | undefined)?.labels?.[KEY];

describe('rotation, current', () => {
  test('out and in again change our own label of this VM, of a service that is ready', async () => {
    await using world = await start();
    await world.register({ ...db, services: [mysqldb, web] });
    world.server.put(entry(IP, { [KEY]: 'ready', 'service.meshx.dev/web': 'failing', app: 'db' }));
    world.server.put(entry('10.150.0.6', { [KEY]: 'ready' }));
    const out = await clusterGeneration(vm.generation).planRotation(world.kube, vm, 'out');
    expect([out.services, out.foreign]).toEqual([['mysqldb'], []]);
    expect(clusterPlanLines(out.plan)).toEqual([`label WorkloadEntry vm/db-${IP}: ${KEY}=draining`]);
    await world.carryOut(out.plan);
    expect(stateOf(world.server.object('WorkloadEntry', 'vm', `db-${IP}`))).toBe('draining');
    expect(stateOf(world.server.object('WorkloadEntry', 'vm', 'db-10.150.0.6'))).toBe('ready');
    expect(isEmptyClusterPlan((await clusterGeneration(vm.generation).planRotation(world.kube, vm, 'out')).plan)).toBe(
      true,
    );

    const back = await clusterGeneration(vm.generation).planRotation(world.kube, vm, 'in');
    expect(clusterPlanLines(back.plan)).toEqual([`label WorkloadEntry vm/db-${IP}: ${KEY}=ready`]);
  });

  test('istiod is made to look again by an entry that is never an endpoint, and that is gone afterwards', async () => {
    await using world = await start();
    await world.register(db);
    world.server.put(serviceObject('vm', mysqldb, 'numeric'));
    world.server.put(entry(IP, { [KEY]: 'ready' }));
    const before = world.server.mutations.length;
    await world.carryOut((await clusterGeneration(vm.generation).planRotation(world.kube, vm, 'out')).plan);
    const nudge = `/apis/${NETWORKING}/namespaces/vm/workloadentries/nudge-db-${IP}`;
    expect(world.server.mutations.slice(before + 1)).toEqual([`PATCH ${nudge}`, `DELETE ${nudge}`]);
    const made = world.server.requests.find(({ method, path }) => method === 'PATCH' && path === nudge);
    expect(made?.body).toMatchObject({
      metadata: { annotations: { 'proxy.istio.io/health-checks-enabled': 'true' } },
      spec: { address: '192.0.2.1', labels: { [KEY]: 'ready' } },
    });
    const more = world.server.mutations.length;
    await world.carryOut((await clusterGeneration(vm.generation).planRotation(world.kube, vm, 'in')).plan);
    expect(world.server.mutations.length - more).toBe(1);
  });

  test('a Service of another owner, which selects other labels, is named', async () => {
    await using world = await start();
    const metadata = { name: 'mysqldb', namespace: 'vm' };
    const spec = { selector: { app: 'db' }, ports: [{ port: 3306, name: 'mysql' }] };
    world.server.put({ apiVersion: 'v1', kind: 'Service', metadata, spec });
    world.server.put(entry(IP, { [KEY]: 'ready', app: 'db' }));
    expect((await clusterGeneration(vm.generation).planRotation(world.kube, vm, 'out')).foreign).toEqual(['mysqldb']);
  });
});

describe('rotation, classic', () => {
  const registered = { service: 'mysqldb', namespace: 'vm', ports: mysqldb.ports };

  test('the address moves among those that get no connections, and back, with its ports', async () => {
    await using world = await start();
    for (const address of [IP, '10.150.0.6'])
      await world.carryOut((await planClassicRegistration(world.kube, { ...registered, address })).plan);
    const out = await clusterGeneration(classicVm.generation).planRotation(world.kube, classicVm, 'out');
    expect(out.services).toEqual(['mysqldb']);
    await world.carryOut(out.plan);
    expect(world.server.object('Endpoints', 'vm', 'mysqldb')?.['subsets']).toMatchObject([
      { addresses: [{ ip: '10.150.0.6' }], notReadyAddresses: [{ ip: IP }], ports: [{ port: 3306 }] },
    ]);
    await world.carryOut(
      (await clusterGeneration(classicVm.generation).planRotation(world.kube, classicVm, 'in')).plan,
    );
    const [subset] = world.server.object('Endpoints', 'vm', 'mysqldb')?.['subsets'] as readonly unknown[];
    expect(subset).toMatchObject({ addresses: [{ ip: '10.150.0.6' }, { ip: IP }] });
    expect(subset).not.toHaveProperty('notReadyAddresses');
  });

  test('a VM that leaves takes its Service with it when it was the last, and leaves that of others', async () => {
    await using world = await start();
    for (const address of [IP, '10.150.0.6'])
      await world.carryOut((await planClassicRegistration(world.kube, { ...registered, address })).plan);
    const generation = 'classic' as const;
    const first = await world.depart({ generation });
    expect(first.lines).toEqual(['change Endpoints vm/mysqldb: subsets']);
    await world.carryOut(first.plan);
    expect(isEmptyClusterPlan((await world.depart({ generation })).plan)).toBe(true);
    const last = await world.depart({ generation, addresses: ['10.150.0.6'] });
    expect(last.lines).toEqual(['delete Service vm/mysqldb', 'delete Endpoints vm/mysqldb']);
  });

  test('endpoints of another owner stay', async () => {
    const subsets = [{ addresses: [{ ip: IP }], ports: [{ port: 80 }] }];
    const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'other', namespace: 'vm' }, subsets };
    await using world = await start([aNamespace('vm'), endpoints]);
    expect((await world.depart({ generation: 'classic' })).lines).toEqual([]);
  });
});

describe('a VM of a current mesh that leaves', () => {
  test('takes everything that was made for it, the group last', async () => {
    await using world = await start();
    await world.register(db);
    world.server.put(entry(IP, { [KEY]: 'ready' }));
    const { plan, lines, notes } = await world.depart();
    expect(lines).toEqual([
      'delete Service vm/mysqldb',
      'delete Sidecar vm/meshx-db',
      'delete ServiceAccount vm/db',
      `delete WorkloadEntry vm/db-${IP}`,
      'delete WorkloadGroup vm/db',
    ]);
    expect(notes).toEqual([]);
    await world.carryOut(plan);
    expect((await world.depart()).lines).toEqual([]);
  });

  test('a run that died after its first writes is found by the group alone', async () => {
    await using world = await start();
    const wanted = { workload: db, createServiceAccount: true };
    const { plan } = await planCurrentRegistration(world.kube, wanted, { istioNamespace: 'istio-system' });
    for await (const { ref } of applyRegistration(world.kube, plan)) if (ref.kind === 'Service') break;
    expect((await world.depart()).lines).toEqual([
      'delete Service vm/mysqldb',
      'delete ServiceAccount vm/db',
      'delete WorkloadGroup vm/db',
    ]);
  });

  test('leaves the group with other machines in it, and takes its own labels off', async () => {
    await using world = await start();
    await world.register(db);
    world.server.put(entry(IP, { [KEY]: 'draining' }));
    world.server.put(entry('10.150.0.6', { [KEY]: 'ready' }));
    const { lines, notes } = await world.depart();
    expect(lines).toEqual([`label WorkloadEntry vm/db-${IP}: ${KEY}-`]);
    expect(notes).toEqual(['WorkloadGroup vm/db is kept: 10.150.0.6 is in it']);
    expect((await world.depart({ gone: true })).lines).toEqual([`delete WorkloadEntry vm/db-${IP}`]);
  });

  test('leaves Service and account that another group uses', async () => {
    await using world = await start();
    await world.register(db);
    await world.register({ ...db, group: 'db2' });
    expect((await world.depart()).lines).toEqual(['delete Sidecar vm/meshx-db', 'delete WorkloadGroup vm/db']);
  });

  test('leaves an account that a pod uses', async () => {
    await using world = await start();
    await world.register(db);
    const metadata = { name: 'pod', namespace: 'vm' };
    world.server.put({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { serviceAccountName: 'db' } });
    expect((await world.depart()).lines).not.toContain('delete ServiceAccount vm/db');
  });

  test('leaves what others made, and what was registered by hand', async () => {
    await using world = await start();
    const foreign = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'db', namespace: 'vm' } };
    world.server.put(foreign);
    await world.register(db);
    const fixed = { workload: { ...db, group: 'cache', services: [web] }, fixedEntry: { address: IP } };
    await world.carryOut((await planCurrentRegistration(world.kube, fixed, { istioNamespace: 'istio-system' })).plan);
    const { lines, notes } = await world.depart();
    expect(lines).not.toContain('delete ServiceAccount vm/db');
    expect(lines).not.toContain('delete Service vm/web');
    expect(notes).toEqual([
      `WorkloadEntry vm/cache-at-${IP} is kept: it was registered by hand; remove it with: meshx deregister web ${IP} -n vm`,
    ]);
  });

  test('a machine that is gone is found by its group when nothing tells its address', async () => {
    await using world = await start();
    await world.register(db);
    world.server.put(entry(IP, { [KEY]: 'ready' }));
    // SSH may use another address than the mesh.
    for (const addresses of [[], ['203.0.113.7']])
      expect((await world.depart({ gone: true, namesGroup: true, addresses })).lines).toContain(
        'delete WorkloadGroup vm/db',
      );
    expect((await world.depart({ addresses: [] })).lines).toEqual([]);
  });

  test.each([
    ['with an address that no entry has', { addresses: ['10.150.0.6'] }],
    ['without an address', { addresses: [] }],
  ])(
    'a machine that is gone from a shared group, %s, is not taken for the healthy one that is left',
    async (_what, words) => {
      await using world = await start();
      await world.register(db);
      world.server.put(entry(IP, { [KEY]: 'ready' }));
      const { lines, notes } = await world.depart({ gone: true, ...words });
      expect(lines).toEqual([]);
      expect(notes).toEqual([
        `WorkloadGroup vm/db is kept: ${IP} is in it; if the lost machine is among them, give its address: --vm-address ADDRESS`,
      ]);
    },
  );

  test('an entry that a dead run left to make istiod look is taken away', async () => {
    await using world = await start();
    await world.register(db);
    const name = `nudge-db-${IP}`;
    const annotations = { 'meshx.dev/nudge': `db-${IP}` };
    const metadata = { name, namespace: 'vm', labels: { 'app.kubernetes.io/managed-by': 'meshx' }, annotations };
    const spec = { address: '192.0.2.1', labels: { [KEY]: 'ready' } };
    world.server.put({ apiVersion: NETWORKING, kind: 'WorkloadEntry', metadata, spec });
    expect((await world.depart()).lines).toContain(`delete WorkloadEntry vm/${name}`);
  });
});

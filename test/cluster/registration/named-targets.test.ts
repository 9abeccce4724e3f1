import { jest } from '@jest/globals';
import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { clusterPlanLines, type ClusterPlan, isEmptyClusterPlan } from '../../../src/cluster/api/plan.ts';
import { clusterGeneration } from '../../../src/cluster/facts/generation.ts';
import { planCurrentDeregistration } from '../../../src/cluster/registration/current-deregistration.ts';
import { planCurrentRegistration } from '../../../src/cluster/registration/current-registration.ts';
import { applyRegistration } from '../../../src/cluster/registration/register.ts';
import { agentRightsObjects } from '../../../src/mesh/current/agent-rights.ts';
import { serviceObject, workloadGroupObject } from '../../../src/mesh/current/objects.ts';
import type { CurrentRegistration } from '../../../src/mesh/current/registration.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { parseServicePorts } from '../../../src/mesh/service-port.ts';
import type { MeshService, Workload } from '../../../src/mesh/workload.ts';
import { aNamespace } from '../../support/cluster-objects.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { Istiod } from './istiod.ts';

// The first test loads the client of the API server.
jest.setTimeout(30_000);

const NETWORKING = 'networking.istio.io/v1';
const [A, B, FIXED] = ['10.150.0.5', '10.150.0.6', '10.150.0.7'] as const;
const KEY = 'service.meshx.dev/shop';
/** A port whose name is too long to be a targetPort as it is: entries of former versions name it in full. */
const shop: MeshService = { name: 'shop', ports: parseServicePorts(['mongodb-primary:27017', 'http:8080']) };
const FORMER = { 'mongodb-primary-27017': 27_017, 'http-8080': 8080 };
const NAMED = { 'mongodb-p-27017': 27_017, 'http-8080': 8080 };
const web: MeshService = { name: 'web', ports: parseServicePorts(['http:9090']) };
const workload = (group: string, services: readonly MeshService[] = [shop]): Workload => {
  return { group, namespace: 'vm', serviceAccount: group, labels: {}, services };
};

type Ports = Readonly<Record<string, number>>;

/** An entry that istiod made from a group, or that meshx fixed. */
function entry(
  address: string,
  ports: Ports,
  group: string | undefined,
  more: Partial<KubeObject['metadata']> = {},
): KubeObject {
  const labels = { [KEY]: 'ready' };
  return {
    apiVersion: NETWORKING,
    kind: 'WorkloadEntry',
    metadata: {
      namespace: 'vm',
      name: group === undefined ? `shop-at-${address}` : `${group}-${address}`,
      labels: { ...labels, ...(group === undefined && { 'app.kubernetes.io/managed-by': 'meshx' }) },
      ...more,
      annotations: { ...(group !== undefined && { 'istio.io/autoRegistrationGroup': group }), ...more.annotations },
    },
    spec: { address, labels, ports },
  };
}

/** The group of another VM, as a former version wrote it. */
function formerGroup(name: string): KubeObject {
  const group = workloadGroupObject(workload(name)) as KubeObject & {
    readonly spec: { readonly template: object; readonly metadata: object };
  };
  const { labels } = group.spec.metadata as { readonly labels: object };
  return { ...group, spec: { metadata: { labels }, template: { ...group.spec.template, ports: FORMER } } };
}

const numeric = serviceObject('vm', shop, 'numeric');

async function start(objects: readonly KubeObject[], denied: readonly string[] = []) {
  const server = await FakeApiServer.start({ objects: [aNamespace('vm')], denied });
  for (const object of objects) server.put(object, 'meshx');
  const istiod = new Istiod(server);
  const kube = istiod.watched(await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' }));
  const register = async (of: Workload = workload('a'), more: Partial<CurrentRegistration> = {}) =>
    (await planCurrentRegistration(kube, { workload: of, ...more }, { istioNamespace: 'istio-system' })).plan;
  const carryOut = async (plan: ClusterPlan) => {
    const done: string[] = [];
    for await (const { verb, ref } of applyRegistration(kube, plan)) done.push(`${verb} ${ref.kind} ${ref.name}`);
    return done;
  };
  const targets = (service: string) => {
    const { ports } = server.object('Service', 'vm', service)?.['spec'] as {
      readonly ports: readonly { targetPort: unknown }[];
    };
    return ports.map(({ targetPort }) => targetPort);
  };
  const portsAt = (name: string) =>
    (server.object('WorkloadEntry', 'vm', name)?.['spec'] as { readonly ports?: Ports } | undefined)?.ports;
  const vm = { generation: 'current' as const, namespace: 'vm', group: 'a', addresses: [A] };
  const rotate = async (to: 'in' | 'out') => clusterGeneration('current').planRotation(kube, vm, to);
  return {
    server,
    istiod,
    kube,
    register,
    carryOut,
    targets,
    portsAt,
    rotate,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const ALL = [A, B, FIXED].flatMap((address) => [`${address}:27017`, `${address}:8080`]).toSorted();
const FORMER_MESH = [
  ...[numeric, formerGroup('a'), formerGroup('b'), formerGroup('c')],
  ...[entry(A, FORMER, 'a'), entry(B, FORMER, 'b'), entry(FIXED, FORMER, undefined)],
];

describe('a Service with numeric target ports', () => {
  test('changes to names after every entry behind it and every group has them', async () => {
    await using world = await start(FORMER_MESH);
    const plan = await world.register();
    const done = await world.carryOut(plan);
    expect(done).toEqual([
      'created Sidecar meshx-a',
      'changed WorkloadGroup b',
      'changed WorkloadGroup c',
      'changed WorkloadGroup a',
      `changed WorkloadEntry a-${A}`,
      `changed WorkloadEntry b-${B}`,
      `changed WorkloadEntry shop-at-${FIXED}`,
      'changed Service shop',
      `changed WorkloadEntry a-${A}`,
    ]);
    expect(world.targets('shop')).toEqual(['mongodb-p-27017', 'http-8080']);
    expect(world.portsAt(`b-${B}`)).toEqual({ ...FORMER, ...NAMED });
    expect(world.server.object('WorkloadGroup', 'vm', 'c')?.['spec']).toMatchObject({ template: { ports: NAMED } });
    expect(plan.notes).toEqual([]);
    expect(isEmptyClusterPlan(await world.register())).toBe(true);
  });

  test('drops no endpoint at any moment', async () => {
    await using world = await start(FORMER_MESH);
    expect(world.istiod.endpoints('shop')).toEqual(ALL);
    await world.carryOut(await world.register());
    expect(world.istiod.history.length).toBeGreaterThan(8);
    for (const after of world.istiod.history) expect(after.get('shop')).toEqual(ALL);
  });

  test('prints its writes in the order in which they are made', async () => {
    await using world = await start(FORMER_MESH);
    const plan = await world.register();
    const lines = clusterPlanLines(plan).map((line) =>
      line.replace(/^\S+ (\S+) vm\/(\S+?):? .*|^\S+ (\S+) vm\/(\S+)$/, '$1$3 $2$4'),
    );
    const done = await world.carryOut(plan);
    expect(lines).toEqual(done.map((line) => line.replace(/^\S+ /, '')));
  });

  test('needs only its own change when the entries have the names', async () => {
    await using world = await start([numeric, formerGroup('a'), entry(A, { ...FORMER, ...NAMED }, 'a')]);
    const plan = await world.register();
    expect(plan.prepare).toEqual([]);
    await world.carryOut(plan);
    for (const after of world.istiod.history) expect(after.get('shop')).toEqual([`${A}:27017`, `${A}:8080`]);
  });

  test('shares one patch of an entry with the other Services of that entry', async () => {
    const late: MeshService = { name: 'late', ports: parseServicePorts(['9000']) };
    const both = workload('b', [late, shop]);
    const annotations = { 'meshx.dev/ports': 'http-8080=8080' };
    const labels = { [KEY]: 'ready', 'service.meshx.dev/late': 'ready' };
    const ports = { ...FORMER, '9000-9000': 9000 };
    const member = entry(B, ports, 'b', { labels, annotations });
    await using world = await start([
      ...[numeric, serviceObject('vm', late, 'numeric'), workloadGroupObject(both)],
      { ...member, spec: { ...(member['spec'] as object), labels } },
    ]);
    const plan = await world.register(workload('a', [late, shop]));
    expect(plan.prepare).toMatchObject([
      {
        ref: { name: `b-${B}` },
        ports: { 'port-9000': 9000, 'mongodb-p-27017': 27_017 },
        annotations: { 'meshx.dev/ports': 'http-8080=8080,mongodb-p-27017=27017,port-9000=9000' },
      },
    ]);
    await world.carryOut(plan);
    for (const after of world.istiod.history) expect(after.get('late')).toEqual([`${B}:9000`]);
  });

  test('gives a VM that is out of rotation its ports when it returns', async () => {
    await using world = await start(FORMER_MESH);
    const vm = { generation: 'current' as const, namespace: 'vm', group: 'b', addresses: [B] };
    const rotate = async (to: 'in' | 'out') =>
      await world.carryOut((await clusterGeneration('current').planRotation(world.kube, vm, to)).plan);
    await rotate('out');
    const without = ALL.filter((endpoint) => !endpoint.startsWith(B));
    expect(world.istiod.endpoints('shop')).toEqual(without);
    await world.carryOut(await world.register());
    expect([world.istiod.endpoints('shop'), world.portsAt(`b-${B}`)]).toEqual([without, {}]);
    await rotate('in');
    expect(world.istiod.endpoints('shop')).toEqual(ALL);
  });

  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shop-0', namespace: 'vm', labels: { [KEY]: 'ready' } },
    spec: { containers: [{ name: 'shop', ports: [{ name: 'http', containerPort: 8080 }] }] },
  };
  const foreign = (address: string) => entry(address, FORMER, undefined, { name: 'other', labels: { [KEY]: 'ready' } });

  test.each([
    ['a pod behind it', pod, 'Pod vm/shop-0 has no port of that name'],
    ["another owner's entry behind it", foreign('10.150.0.8'), 'WorkloadEntry vm/other belongs to another owner'],
    [
      "an entry of another owner's group behind it",
      entry('10.150.0.9', FORMER, 'z'),
      'WorkloadEntry vm/z-10.150.0.9 belongs',
    ],
  ])('keeps them with %s, and the plan says why', async (_what, object, reason) => {
    await using world = await start([...FORMER_MESH, object]);
    const before = world.istiod.endpoints('shop');
    const plan = await world.register();
    expect(plan.notes).toEqual([expect.stringContaining('Service vm/shop keeps its numeric target ports')]);
    expect(plan.notes?.[0]).toContain(reason);
    await world.carryOut(plan);
    expect(world.targets('shop')).toEqual([27_017, 8080]);
    expect(world.istiod.endpoints('shop')).toEqual(before);
    expect(isEmptyClusterPlan(await world.register())).toBe(true);
  });

  test('changes to names with a pod that has ports of these names', async () => {
    const ports = Object.entries(NAMED).map(([name, containerPort]) => ({ name, containerPort }));
    await using world = await start([...FORMER_MESH, { ...pod, spec: { containers: [{ name: 'shop', ports }] } }]);
    await world.carryOut(await world.register());
    expect(world.targets('shop')).toEqual(['mongodb-p-27017', 'http-8080']);
  });

  test('keeps them when the pods behind it may not be listed', async () => {
    await using world = await start(FORMER_MESH, ['list pods']);
    const plan = await world.register();
    expect(plan.notes).toEqual([expect.stringContaining('you may not list')]);
    await world.carryOut(plan);
    expect(world.targets('shop')).toEqual([27_017, 8080]);
  });

  test('is moved by the registration of a fixed entry, too', async () => {
    await using world = await start(FORMER_MESH);
    const fixed = { fixedEntry: { address: FIXED } };
    await world.carryOut(await world.register(workload('shop'), fixed));
    expect(world.targets('shop')).toEqual(['mongodb-p-27017', 'http-8080']);
    for (const after of world.istiod.history) expect(after.get('shop')).toEqual(ALL);
    expect(isEmptyClusterPlan(await world.register(workload('shop'), fixed))).toBe(true);
  });
});

describe('an entry with an agent', () => {
  const annotations = { 'meshx.dev/agent': '3', 'meshx.dev/ports': 'http-8080=8080,mongodb-p-27017=27017' };
  const named = serviceObject('vm', shop);
  const MEMBER: Workload = { ...workload('a'), agent: 3 };

  test('keeps the ports that its agent has chosen', async () => {
    await using world = await start([
      named,
      workloadGroupObject(MEMBER),
      entry(A, { 'http-8080': 8080 }, 'a', { annotations }),
    ]);
    const plan = await world.register(MEMBER, { address: A });
    expect([...plan.prepare, ...plan.relabel]).toEqual([]);
  });

  test('gets the ports of a service that is new on the VM', async () => {
    await using world = await start([named, workloadGroupObject(MEMBER), entry(A, {}, 'a', { annotations })]);
    await world.carryOut(await world.register({ ...MEMBER, services: [web] }, { address: A }));
    expect(world.portsAt(`a-${A}`)).toEqual({ 'http-9090': 9090 });
    expect(world.server.object('WorkloadEntry', 'vm', `a-${A}`)?.metadata.annotations).toMatchObject({
      'meshx.dev/agent': '3',
      'meshx.dev/ports': 'http-8080=8080,http-9090=9090,mongodb-p-27017=27017',
    });
    expect(world.server.object('WorkloadGroup', 'vm', 'a')?.['spec']).toMatchObject({
      metadata: { annotations: { 'meshx.dev/agent': '3' } },
    });
  });

  test('gets back what a drain took away, and nothing else', async () => {
    await using world = await start([
      named,
      workloadGroupObject(MEMBER),
      entry(A, { 'http-8080': 8080 }, 'a', { annotations }),
    ]);
    await world.carryOut((await world.rotate('out')).plan);
    expect(world.portsAt(`a-${A}`)).toEqual({});
    await world.carryOut(await world.register(MEMBER, { address: A }));
    expect(world.portsAt(`a-${A}`)).toEqual({ 'http-8080': 8080 });
    expect(isEmptyClusterPlan(await world.register(MEMBER, { address: A }))).toBe(true);
  });

  test('gets the new generation of its agent, and other VMs of the group keep theirs', async () => {
    const others = entry(B, NAMED, 'a', { annotations });
    await using world = await start([
      named,
      workloadGroupObject(MEMBER),
      entry(A, NAMED, 'a', { annotations }),
      others,
    ]);
    await world.carryOut(await world.register({ ...MEMBER, agent: 4 }, { address: A }));
    const generation = (name: string) =>
      world.server.object('WorkloadEntry', 'vm', name)?.metadata.annotations?.['meshx.dev/agent'];
    expect([generation(`a-${A}`), generation(`a-${B}`)]).toEqual(['4', '3']);
    await world.carryOut(await world.register(workload('a'), { address: A }));
    expect([generation(`a-${A}`), generation(`a-${B}`)]).toEqual([undefined, '3']);
  });

  test('leaves its rights to the agents of other VMs, and takes them away when it is the last', async () => {
    const grant = { group: 'a', namespace: 'vm', serviceAccount: 'a', entries: [`a-${A}`, `a-${B}`] };
    const own = entry(A, NAMED, 'a', { annotations });
    const objects = [named, workloadGroupObject(MEMBER), own, ...agentRightsObjects(grant)];
    await using world = await start([...objects, entry(B, NAMED, 'a', { annotations })]);
    expect((await world.register(workload('a'), { address: A })).remove).toEqual([]);
    await using alone = await start(objects);
    const plan = await alone.register(workload('a'), { address: A });
    expect(plan.remove.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'Role meshx-agent-a',
      'RoleBinding meshx-agent-a',
    ]);
    await alone.carryOut(plan);
    expect(isEmptyClusterPlan(await alone.register(workload('a'), { address: A }))).toBe(true);
  });
});

describe('rotation', () => {
  const joined = [workloadGroupObject(workload('a')), entry(A, NAMED, 'a'), entry(B, NAMED, 'b')];

  test('takes the ports first, which is enough for a Service with named target ports', async () => {
    await using world = await start([serviceObject('vm', shop), ...joined]);
    const { plan, services } = await world.rotate('out');
    expect(services).toEqual(['shop']);
    expect(clusterPlanLines(plan)).toEqual([
      `change WorkloadEntry vm/a-${A}: port mongodb-p-27017-, port http-8080-, annotation meshx.dev/drained-ports=http-8080=8080,mongodb-p-27017=27017`,
      `label WorkloadEntry vm/a-${A}: ${KEY}=draining`,
    ]);
    const writes = world.server.mutations.length;
    await world.carryOut(plan);
    expect(world.server.mutations).toHaveLength(writes + 2);
    expect(world.istiod.endpoints('shop')).toEqual([`${B}:27017`, `${B}:8080`]);
    await world.carryOut((await world.rotate('in')).plan);
    expect(world.istiod.endpoints('shop')).toHaveLength(4);
    expect(isEmptyClusterPlan((await world.rotate('in')).plan)).toBe(true);
  });

  test('nudges istiod for a Service with numeric target ports', async () => {
    await using world = await start([numeric, ...joined]);
    const { plan } = await world.rotate('out');
    expect(plan.relabel.map(({ nudge }) => nudge)).toEqual([undefined, [KEY]]);
    await world.carryOut(plan);
    expect(world.istiod.endpoints('shop')).toEqual([`${B}:27017`, `${B}:8080`]);
  });

  test('of a run that died between ports and labels ends with the next return', async () => {
    await using world = await start([serviceObject('vm', shop), ...joined]);
    const { plan } = await world.rotate('out');
    await world.carryOut({ ...plan, relabel: plan.relabel.slice(0, 1) });
    expect(world.istiod.endpoints('shop')).toHaveLength(2);
    const back = await world.rotate('in');
    expect(back.services).toEqual(['shop']);
    await world.carryOut(back.plan);
    expect(world.istiod.endpoints('shop')).toHaveLength(4);
  });

  test("removes the VM from another owner's Service that asks for a port by name, and lists one that asks by number", async () => {
    const metadata = (name: string) => ({ name, namespace: 'vm' });
    const other = (name: string, targetPort: unknown): KubeObject => {
      return {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: metadata(name),
        spec: { selector: { app: 'shop' }, ports: [{ name: 'x', port: 80, targetPort }] },
      };
    };
    const labels = { 'service.meshx.dev/one': 'ready', 'service.meshx.dev/two': 'ready', app: 'shop' };
    const member = entry(A, NAMED, 'a', { labels });
    await using world = await start([other('one', 'http-8080'), other('two', 8080), member]);
    const { plan, foreign } = await world.rotate('out');
    expect(foreign).toEqual(['two']);
    await world.carryOut(plan);
    expect([world.istiod.endpoints('one'), world.istiod.endpoints('two')]).toEqual([[], [`${A}:8080`]]);
  });
});

describe('a VM that leaves a service', () => {
  const both = workload('a', [shop, web]);
  const PORTS = { ...NAMED, 'http-9090': 9090 };

  async function joined() {
    const labels = { [KEY]: 'ready', 'service.meshx.dev/web': 'ready' };
    const member = entry(A, PORTS, 'a', { labels });
    return await start([
      ...[serviceObject('vm', shop), serviceObject('vm', web), workloadGroupObject(both)],
      ...[{ ...member, spec: { ...(member['spec'] as object), labels } }, entry(B, NAMED, 'b')],
    ]);
  }

  test('loses the ports of that service first, and the other service keeps its endpoint', async () => {
    await using world = await joined();
    const plan = await planCurrentDeregistration(world.kube, { namespace: 'vm', service: 'shop', address: A });
    await world.carryOut(plan);
    expect(plan.relabel.map(({ nudge }) => nudge)).toEqual([undefined, undefined]);
    expect(world.istiod.endpoints('shop')).toEqual([`${B}:27017`, `${B}:8080`]);
    expect(world.portsAt(`a-${A}`)).toEqual({ 'http-9090': 9090 });
    for (const after of world.istiod.history) expect(after.get('web')).toEqual([`${A}:9090`]);
  });

  test('keeps a port that its other service has, too, and istiod is nudged', async () => {
    const twin: MeshService = { name: 'web', ports: parseServicePorts(['http:8080']) };
    const labels = { [KEY]: 'ready', 'service.meshx.dev/web': 'ready' };
    const member = entry(A, NAMED, 'a', { labels });
    await using world = await start([
      ...[serviceObject('vm', shop), serviceObject('vm', twin), workloadGroupObject(workload('a', [shop, twin]))],
      { ...member, spec: { ...(member['spec'] as object), labels } },
    ]);
    await world.carryOut(
      await planCurrentDeregistration(world.kube, { namespace: 'vm', service: 'shop', address: A, keepService: true }),
    );
    expect(world.istiod.endpoints('shop')).toEqual([]);
    expect(world.istiod.endpoints('web')).toEqual([`${A}:8080`]);
  });

  test('without its group loses all ports, then all labels', async () => {
    await using world = await joined();
    world.server.put({ ...entry('10.150.0.8', PORTS, 'a'), metadata: { ...entry('10.150.0.8', PORTS, 'a').metadata } });
    const vm = { generation: 'current' as const, namespace: 'vm', group: 'a', addresses: [A] };
    const { plan } = await clusterGeneration('current').planDeparture(world.kube, vm);
    expect(plan.relabel.map(({ nudge }) => nudge)).toEqual([undefined, undefined]);
    await world.carryOut(plan);
    expect(world.istiod.endpoints('web')).toEqual([]);
    expect(world.istiod.endpoints('shop')).not.toContain(`${A}:8080`);
  });
});

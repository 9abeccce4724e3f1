import { stringify } from 'yaml';
import { exposureCells, exposureStatus, formatAge } from '../../src/cluster/facts/exposure-status.ts';
import type { ExposeOptions } from '../../src/cluster/facts/facts-options.ts';
import { detectProvider } from '../../src/cluster/facts/load-balancer.ts';
import { exposureObjects, planExposure, planExposureDeletion } from '../../src/operations/expose.ts';
import { connectKubernetes } from '../../src/cluster/api/connect-kubernetes.ts';
import { clusterPlanLines, isEmptyClusterPlan, type ClusterPlan } from '../../src/cluster/api/plan.ts';
import { applyRegistration } from '../../src/cluster/registration/register.ts';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import {
  aClassicCluster,
  aConfigMap,
  aCurrentCluster,
  anEastWestGateway,
  aPendingService,
  aService,
} from '../support/cluster-objects.ts';
import { FakeApiServer, type FakeApiOptions } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { drain } from '../support/drain.ts';
import { problemOf } from '../support/problem.ts';

const NOW = new Date('2017-10-14T22:50:00Z');
const LOAD_BALANCER = { kind: 'loadbalancer', provider: 'gcp' } as const;

async function start(objects: readonly KubeObject[], options: FakeApiOptions = {}) {
  const server = await FakeApiServer.start({ ...options, objects });
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  const place = { istioNamespace: 'istio-system' };
  const words = (more: Partial<ExposeOptions>): ExposeOptions => ({ ...place, via: LOAD_BALANCER, ...more });
  const carryOut = async (plan: ClusterPlan): Promise<void> => {
    await drain(applyRegistration(kube, plan));
  };
  return {
    server,
    kube,
    objects: (more: Partial<ExposeOptions> = {}) => exposureObjects(kube, words(more)),
    plan: (more: Partial<ExposeOptions> = {}) => planExposure(kube, words(more)),
    deletion: () => planExposureDeletion(kube, place),
    status: (more: object = {}) => exposureStatus(kube, { ...place, now: NOW, ...more }),
    carryOut,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const text = (objects: readonly KubeObject[]): string =>
  objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
const BALANCERS = ['istio-pilot-ilb', 'mixer-ilb', 'istio-ca-ilb', 'dns-ilb'];
const unexposed = (): readonly KubeObject[] =>
  aClassicCluster().filter(({ metadata }) => !BALANCERS.includes(metadata.name));
const current = (): readonly KubeObject[] => aCurrentCluster({ rootCert: '' });

/** Something behind every load balancer. */
const endpoints = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name, namespace },
  subsets: [{ addresses: [{ ip: '10.4.0.9' }] }],
});
const behindAll = (): readonly KubeObject[] =>
  BALANCERS.map((name) => endpoints(name === 'dns-ilb' ? 'kube-system' : 'istio-system', name));

describe('expose apply, classic', () => {
  test('makes four internal load balancers; the ports are those of the running Pilot', async () => {
    await using world = await start(unexposed());
    expectGolden('operations/expose/classic-0.2/manifests.yaml', text(await world.objects({ release: '0.2' })));
  });

  test.each(['0.4', '0.8', '1.0', '1.5'] as const)('has the Services of release %s', async (release) => {
    await using world = await start(unexposed().filter(({ metadata }) => metadata.name !== 'istio-pilot'));
    expectGolden(`operations/expose/classic-${release}/manifests.yaml`, text(await world.objects({ release })));
  });

  test('DNS over TCP has its own Service', async () => {
    await using world = await start(unexposed());
    const objects = await world.objects({ release: '0.2', dnsTcp: true });
    const dns = objects.filter(({ metadata }) => metadata.namespace === 'kube-system');
    expect(dns.map(({ metadata, spec }) => [metadata.name, spec])).toMatchObject([
      ['dns-ilb', { ports: [{ port: 53, protocol: 'UDP' }] }],
      ['dns-ilb-tcp', { ports: [{ port: 53, protocol: 'TCP' }] }],
    ]);
  });

  test.each([
    ['gcp', { 'cloud.google.com/load-balancer-type': 'internal', 'networking.gke.io/load-balancer-type': 'Internal' }],
    ['azure', { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' }],
    ['none', {}],
  ] as const)('carries the annotations of %s', async (provider, annotations) => {
    await using world = await start(unexposed());
    const objects = await world.objects({ release: '0.2', via: { kind: 'loadbalancer', provider } });
    for (const { metadata } of objects) expect(metadata.annotations).toEqual(annotations);
  });

  test('the provider is read from the nodes', async () => {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      spec: { providerID: 'gce://p/us-east4-a/n1' },
    };
    await using world = await start([node]);
    expect(await detectProvider(world.kube)).toBe('gcp');
    await using bare = await start([]);
    expect(await detectProvider(bare.kube)).toBe('none');
  });

  test('every object is validated by a dry run before the first one is made', async () => {
    await using world = await start(unexposed());
    const plan = await world.plan({ release: '0.2' });
    expect(world.server.mutations).toEqual([]);
    expect(world.server.requests.filter(({ query }) => query['dryRun'] === 'All')).toHaveLength(4);
    await world.carryOut(plan);
    expect(isEmptyClusterPlan(await world.plan({ release: '0.2' }))).toBe(true);
  });
});

describe('expose apply, current', () => {
  test('uses an existing gateway, and adds what passes TLS through to istiod', async () => {
    await using world = await start([...current(), anEastWestGateway({ ip: '10.150.0.30' })]);
    expectGolden('operations/expose/current-gateway/manifests.yaml', text(await world.objects()));
  });

  test('makes the Service of a gateway deployment', async () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'istio-eastwestgateway', namespace: 'istio-system' },
    };
    await using world = await start([...current(), deployment]);
    expectGolden('operations/expose/current-gateway-service/manifests.yaml', text(await world.objects()));
  });

  test('without a gateway it makes one load balancer straight to istiod, and neither Mixer nor CA', async () => {
    await using world = await start(current());
    expectGolden('operations/expose/current-direct/manifests.yaml', text(await world.objects()));
  });

  test('of a revision is routed by SNI', async () => {
    await using world = await start([...aCurrentCluster({ rootCert: '', revision: 'canary' }), anEastWestGateway()]);
    expectGolden(
      'operations/expose/current-revision/manifests.yaml',
      text(await world.objects({ revision: 'canary' })),
    );
  });

  test('goes by an external IP or a NodePort with no other difference', async () => {
    await using world = await start(current());
    const spec = async (via: ExposeOptions['via']) => (await world.objects({ via }))[0]?.['spec'];
    const same = { selector: { app: 'istiod', istio: 'pilot' } };
    expect(await spec({ kind: 'external-ip', address: '192.168.0.252' })).toMatchObject({
      ...same,
      externalIPs: ['192.168.0.252'],
    });
    expect(await spec({ kind: 'nodeport' })).toMatchObject({ ...same, type: 'NodePort' });
    expect(await spec(LOAD_BALANCER)).toMatchObject({ ...same, type: 'LoadBalancer' });
  });

  test('refuses an external IP that is a node, or no address of a machine', async () => {
    const status = { addresses: [{ type: 'InternalIP', address: '192.168.0.10' }] };
    await using world = await start([
      ...current(),
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, status },
    ]);
    const via = (address: string) => ({ via: { kind: 'external-ip', address } as const });
    expect((await problemOf(world.plan(via('192.168.0.10')))).id).toBe('external-ip-taken');
    expect((await problemOf(world.plan(via('127.0.0.1')))).id).toBe('bad-address');
  });

  test('never exposes the plaintext port 15010', async () => {
    await using world = await start(current());
    for (const mode of ['gateway', 'direct'] as const)
      expect(text(await world.objects({ mode }))).not.toContain('15010');
  });

  test('the DNS load balancer is made on request', async () => {
    await using world = await start(current());
    const names = (await world.objects({ dns: true })).map(({ metadata }) => metadata.name);
    expect(names).toEqual(['istiod-ilb', 'dns-ilb']);
  });

  test('a gateway of another owner without port 15012 is a Problem before anything is made', async () => {
    await using world = await start([...current(), anEastWestGateway({ ports: [{ port: 15443 }] })]);
    expect((await problemOf(world.plan())).id).toBe('gateway-port-missing');
  });

  test('delete removes what meshx made, in both namespaces, and nothing else', async () => {
    await using world = await start([...current(), anEastWestGateway({ ip: '10.150.0.30' })]);
    await world.carryOut(await world.plan({ dns: true }));
    const plan = await world.deletion();
    expect(clusterPlanLines(plan)).toEqual([
      'delete VirtualService istio-system/istiod-vs',
      'delete Gateway istio-system/istiod-gateway',
      'delete Service kube-system/dns-ilb',
    ]);
    await world.carryOut(plan);
    expect(isEmptyClusterPlan(await world.deletion())).toBe(true);
    expect(world.server.object('Service', 'istio-system', 'istio-eastwestgateway')).toBeDefined();
  });
});

describe('expose status', () => {
  test("shows the document's rows and the DNS of the other namespace", async () => {
    await using world = await start([...aClassicCluster(), ...behindAll()]);
    const { rows, problems } = await world.status();
    const line = (row: (typeof rows)[number]): string => exposureCells(row).join('  ');
    expectGolden('operations/expose/status/classic.txt', `${rows.map(line).join('\n')}\n`);
    expect(problems).toEqual([]);
  });

  test('a missing address is a Problem, and ClusterIP never waits', async () => {
    await using world = await start([...aClassicCluster(), ...behindAll()]);
    world.server.put(aPendingService('mixer-ilb', { ports: [{ port: 9091 }] }));
    const { rows, problems } = await world.status();
    expect(rows.find(({ name }) => name === 'mixer-ilb')?.pending).toBe(true);
    expect(problems.map(({ message }) => message)).toEqual(['No address yet in lab: Service istio-system/mixer-ilb.']);
  });

  test('--wait ends when the last address is there, and names what it waits for', async () => {
    await using world = await start([...aClassicCluster(), ...behindAll()]);
    world.server.put(aPendingService('mixer-ilb', { ports: [{ port: 9091 }] }));
    const notes: string[] = [];
    const note = (line: string): void => {
      notes.push(line);
      world.server.put(aService('mixer-ilb', { ip: '10.150.0.8', ports: [{ port: 9091 }] }));
    };
    const { problems } = await world.status({ wait: { timeoutMs: 10_000, intervalMs: 5, note } });
    expect(problems).toEqual([]);
    expect(notes).toEqual(['waiting for an address of Service istio-system/mixer-ilb, for at most 10 s']);
  });

  test('--wait ends after its time limit and names what is missing', async () => {
    await using world = await start([...aClassicCluster(), ...behindAll()]);
    world.server.put(aPendingService('mixer-ilb', { ports: [{ port: 9091 }] }));
    const { problems } = await world.status({ wait: { timeoutMs: 30, intervalMs: 5 } });
    expect(problems[0]?.id).toBe('load-balancer-pending');
  });

  test('a public address is a Problem for an expansion Service, not for the ingress', async () => {
    await using world = await start([...aClassicCluster(), ...behindAll()]);
    world.server.put(aService('istio-pilot-ilb', { ip: '35.1.2.3', ports: [{ port: 8080 }] }));
    const { problems } = await world.status();
    expect(problems.map(({ id, message }) => `${id}: ${message}`)).toEqual([
      'load-balancer-public: Service istio-system/istio-pilot-ilb has the public address 35.1.2.3; the control plane must not be exposed to the internet.',
    ]);
  });

  test('an expansion Service without endpoints is an error, though it has an address', async () => {
    await using world = await start([...aClassicCluster(), ...behindAll().slice(0, 3)]);
    const { problems } = await world.status();
    expect(problems.map(({ message }) => message)).toEqual([
      'Service kube-system/dns-ilb selects no running pod, so nothing answers behind it.',
    ]);
  });

  test('host names and external IPs are addresses too', async () => {
    const services = [
      anEastWestGateway({ hostname: 'lb.example' }),
      aService('gw', { externalIps: ['192.168.0.252'] }),
    ];
    await using world = await start([aConfigMap('istio-system', 'x', {}), ...services]);
    const { rows } = await world.status();
    expect(rows.map(({ externalIps }) => externalIps)).toEqual([['lb.example'], ['192.168.0.252']]);
  });

  test.each([
    [45_000, '45s'],
    [180_000, '3m'],
    [3 * 3_600_000, '3h'],
    [5 * 86_400_000, '5d'],
    [-5, '0s'],
  ])('an age of %d ms is %s', (milliseconds, expected) => {
    expect(formatAge(milliseconds)).toBe(expected);
  });
});

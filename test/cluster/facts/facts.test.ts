import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { gatherClusterFacts, type FactsOptions } from '../../../src/cluster/facts/facts.ts';
import type { CurrentFacts } from '../../../src/mesh/cluster-facts.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import {
  aClassicCluster,
  aConfigMap,
  aCurrentCluster,
  aNamespace,
  anEastWestGateway,
  aPendingService,
  aService,
  selfSigned,
} from '../../support/cluster-objects.ts';
import { FakeApiServer, type FakeApiOptions } from '../../support/fake-api-server.ts';
import { problemOf } from '../../support/problem.ts';

const rootCert = selfSigned('root of the test').cert;
const EMPTY = '-----BEGIN CERTIFICATE----------END CERTIFICATE-----';
const current = (words: Partial<Parameters<typeof aCurrentCluster>[0]> = {}) => aCurrentCluster({ rootCert, ...words });

async function start(objects: readonly KubeObject[], options: FakeApiOptions = {}) {
  const server = await FakeApiServer.start({ serviceCidr: '10.63.240.0/20', ...options, objects });
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  const facts = (words: Partial<FactsOptions> = {}) =>
    gatherClusterFacts(kube, { istioNamespace: 'istio-system', ...words });
  return { server, facts, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('a current cluster', () => {
  test('gives all facts that a VM needs', async () => {
    await using world = await start([...current(), anEastWestGateway({ ip: '10.150.0.30' })]);
    expect(await world.facts()).toEqual({
      generation: 'current',
      istioNamespace: 'istio-system',
      clusterId: 'Kubernetes',
      trustDomain: 'cluster.local',
      clusterDomain: 'cluster.local',
      istiodHost: 'istiod.istio-system.svc',
      istiodPort: 15012,
      istiodAddresses: ['10.150.0.30'],
      istiodAddressSource: 'Service istio-system/istio-eastwestgateway',
      rootCert,
      defaultConfig: { discoveryAddress: 'istiod.istio-system.svc:15012' },
    });
    expect(world.server.mutations).toEqual([]);
  });

  test('names its cluster, mesh, trust domain and version where they are set', async () => {
    const values = '{"global":{"meshID":"mesh1","multiCluster":{"clusterName":"east"}}}';
    const image = 'docker.io/istio/pilot:1.29.1-distroless';
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'istiod', namespace: 'istio-system' },
      spec: { template: { spec: { containers: [{ name: 'discovery', image }] } } },
    };
    const objects = current({ values, mesh: 'trustDomain: mesh.example\n' });
    await using world = await start([...objects, deployment, anEastWestGateway({ ip: '10.150.0.30' })]);
    const expected = {
      clusterId: 'east',
      meshId: 'mesh1',
      trustDomain: 'mesh.example',
      version: '1.29.1',
      defaultConfig: {},
    };
    expect(await world.facts()).toMatchObject(expected);
  });

  test.each([
    ['istio-config', 'istio-config'],
    ['istio-system', undefined],
  ])('whose mesh config says rootNamespace %s has the root namespace %s of its own', async (named, own) => {
    await using world = await start([
      ...current({ mesh: `rootNamespace: ${named}\n` }),
      anEastWestGateway({ ip: '10.150.0.30' }),
    ]);
    expect((await world.facts()) as CurrentFacts).toHaveProperty('istioNamespace', 'istio-system');
    expect(((await world.facts()) as CurrentFacts).rootNamespace).toBe(own);
  });

  test('has names with the revision, and default is no revision', async () => {
    await using world = await start([...current({ revision: 'canary' }), anEastWestGateway({ ip: '10.150.0.30' })]);
    const facts = await world.facts({ revision: 'canary' });
    expect(facts).toMatchObject({ revision: 'canary', istiodHost: 'istiod-canary.istio-system.svc' });
    await using plain = await start([...current(), anEastWestGateway({ ip: '10.150.0.30' })]);
    expect(await plain.facts({ revision: 'default' })).toMatchObject({ istiodHost: 'istiod.istio-system.svc' });
  });

  test("gives the root certificate of the workload's namespace first", async () => {
    const own = selfSigned('root of vm').cert;
    const objects = [aNamespace('vm'), aConfigMap('vm', 'istio-ca-root-cert', { 'root-cert.pem': own })];
    await using world = await start([...current(), ...objects, anEastWestGateway({ ip: '10.150.0.30' })]);
    expect(await world.facts({ namespace: 'vm' })).toMatchObject({ rootCert: own });
    expect(await world.facts({ namespace: 'new' })).toMatchObject({ rootCert });
  });

  test('may forbid reading its version: that is no Problem', async () => {
    const objects = [...current(), anEastWestGateway({ ip: '10.150.0.30' })];
    await using world = await start(objects, { denied: ['get deployments'] });
    expect((await world.facts()) as CurrentFacts).not.toHaveProperty('version');
  });

  test.each([
    [
      'a root certificate without content',
      { rootCert: EMPTY },
      /istio-ca-root-cert, key root-cert.pem.*no valid certificate/,
    ],
    [
      'an empty certificate after a good one',
      { rootCert: `${rootCert}${EMPTY}` },
      /istio-ca-root-cert, key root-cert.pem.*no valid certificate/,
    ],
    [
      'mesh: "defaultConfig: ["',
      { mesh: 'defaultConfig: [' },
      /ConfigMap istio-system\/istio, key mesh, cannot be used/,
    ],
    ['a values text cut off', { values: '{"global":' }, /istio-sidecar-injector, key values, cannot be used/],
    ['a root certificate that is none', { rootCert: 'hello' }, /istio-ca-root-cert, key root-cert.pem.*no certificate/],
  ])('with %s is a Problem that names it', async (_what, words, message) => {
    await using world = await start([...current(words), anEastWestGateway({ ip: '10.150.0.30' })]);
    const problem = await problemOf(world.facts());
    expect(problem.id).toBe('cluster-fact-unreadable');
    expect(problem.message).toMatch(message);
  });

  test('the number of requests does not depend on the number of Services', async () => {
    const services = (count: number) =>
      Array.from({ length: count }, (_, index) => aService(`svc-${index}`, { namespace: 'default' }));
    const objects = [...current(), anEastWestGateway({ ip: '10.150.0.30' })];
    await using few = await start([...objects, ...services(10)]);
    await using many = await start([...objects, ...services(10_000)]);
    await few.facts();
    await many.facts();
    expect(many.server.requests).toHaveLength(few.server.requests.length);
    expect(many.server.requests.filter(({ path }) => path.endsWith('/services'))).toEqual([]);
  });

  test('no object is read twice, except while waiting for an address', async () => {
    const objects = [...current(), anEastWestGateway({ ip: '10.150.0.30' })];
    await using world = await start(objects);
    await world.facts({ namespace: 'istio-system' });
    const read = world.server.requests.map(({ path }) => path);
    expect(read).toEqual([...new Set(read)]);

    await using pending = await start([...current(), aPendingService('istio-eastwestgateway')]);
    await problemOf(pending.facts({ wait: { timeoutMs: 30, intervalMs: 5 } }));
    const looks = pending.server.requests.filter(({ path }) => path.endsWith('/services/istio-eastwestgateway'));
    expect(looks.length).toBeGreaterThan(1);
  });
});

describe('where VMs reach istiod', () => {
  const through = async (objects: readonly KubeObject[], words: Partial<FactsOptions> = {}) => {
    await using world = await start([...current(), ...objects]);
    const { istiodAddresses, istiodPort, istiodAddressSource } = (await world.facts(words)) as CurrentFacts;
    return [istiodAddresses, istiodPort, istiodAddressSource];
  };

  test('is the address of the gateway, also one that was given by externalIPs', async () => {
    expect(await through([anEastWestGateway({ type: 'ClusterIP', externalIps: ['192.168.0.252'] })])).toEqual([
      ['192.168.0.252'],
      15012,
      'Service istio-system/istio-eastwestgateway',
    ]);
  });

  test('is a host name of a load balancer, resolved; all addresses are kept, IPv4 first', async () => {
    const lookup = (name: string) => Promise.resolve(name === 'lb.example' ? ['fd00::7', '10.0.0.9', '10.0.0.10'] : []);
    const [addresses, , source] = await through([anEastWestGateway({ hostname: 'lb.example' })], { lookup });
    expect(addresses).toEqual(['10.0.0.10', '10.0.0.9', 'fd00::7']);
    expect(source).toBe('Service istio-system/istio-eastwestgateway, whose load balancer is lb.example');
  });

  test('a host name without an address is a Problem, never an empty file', async () => {
    await using world = await start([...current(), anEastWestGateway({ hostname: 'lb.example' })]);
    const problem = await problemOf(world.facts({ lookup: () => Promise.resolve([]) }));
    expect(problem.id).toBe('address-unresolvable');
    expect(problem.message).toMatch(/lb\.example has no IP address/);
  });

  test('is an internal load balancer straight to istiod, or istiod itself', async () => {
    const ports = [{ name: 'tls-istiod', port: 15012 }];
    expect(await through([aService('istiod-ilb', { ip: '10.150.0.31', ports })])).toEqual([
      ['10.150.0.31'],
      15012,
      'Service istio-system/istiod-ilb',
    ]);
  });

  test('is another port of the gateway when that one leads to 15012', async () => {
    const ports = [{ name: 'tls-istiod', port: 31012, targetPort: 15012 }];
    expect(await through([anEastWestGateway({ ip: '10.150.0.30', ports })])).toEqual([
      ['10.150.0.30'],
      31012,
      'Service istio-system/istio-eastwestgateway',
    ]);
  });

  test('is a node with its NodePort when there is no load balancer', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };
    const status = {
      addresses: [
        { type: 'InternalIP', address: '10.128.0.2' },
        { type: 'Hostname', address: 'n1' },
      ],
    };
    const ports = [{ name: 'tls-istiod', port: 15012, nodePort: 31824 }];
    expect(await through([anEastWestGateway({ type: 'NodePort', ports }), { ...node, status }])).toEqual([
      ['10.128.0.2'],
      31824,
      'nodes of lab, NodePort of Service istio-system/istio-eastwestgateway',
    ]);
  });

  test.each([
    ['10.9.9.9', ['10.9.9.9'], 15012],
    ['10.9.9.9:31012', ['10.9.9.9'], 31012],
    ['[fd00::6]:31012', ['fd00::6'], 31012],
    ['fd00::6', ['fd00::6'], 15012],
    ['istiod.example:443', ['10.0.0.1'], 443],
  ])('is %s when that is said', async (address, addresses, port) => {
    const found = await through([], { address, lookup: () => Promise.resolve(['10.0.0.1']) });
    expect(found).toEqual([addresses, port, 'the address that was given']);
  });

  test.each(['a b', '10.9.9.9:0', '10.9.9.9:70000', '-x', ''])('cannot be %j', async (address) => {
    await using world = await start(current());
    expect((await problemOf(world.facts({ address }))).id).toBe('bad-istiod-address');
  });

  test('a pending gateway is named, with the command that waits', async () => {
    await using world = await start([...current(), anEastWestGateway()]);
    const problem = await problemOf(world.facts());
    expect(problem.id).toBe('load-balancer-pending');
    expect(problem.message).toBe('No address yet in lab: Service istio-system/istio-eastwestgateway.');
    expect(problem.hint).toBe('Wait with: meshx expose status --wait');
  });

  test('is waited for with `wait`', async () => {
    await using world = await start([...current(), anEastWestGateway()]);
    const wait = { timeoutMs: 10_000, intervalMs: 5 };
    const asked = world.facts({ wait });
    world.server.put(anEastWestGateway({ ip: '10.150.0.30' }));
    expect(await asked).toMatchObject({ istiodAddresses: ['10.150.0.30'] });
  });

  test('no exposure is a Problem that names what was looked for, unless no address is needed', async () => {
    await using world = await start(current());
    expect((await problemOf(world.facts())).id).toBe('istiod-not-exposed');
    expect(await world.facts({ skip: ['addresses'] })).toMatchObject({
      istiodAddresses: [],
      istiodAddressSource: 'none yet',
    });
  });

  test('a gateway without a port for istiod names the ports that it has', async () => {
    await using world = await start([
      ...current(),
      anEastWestGateway({ ip: '10.0.0.1', ports: [{ port: 443 }, { port: 80 }] }),
    ]);
    const problem = await problemOf(world.facts());
    expect(problem.id).toBe('gateway-port-missing');
    expect(problem.message).toMatch(/no port for istiod \(15012\); it has 443, 80/);
  });

  test.each([
    ['has no port for istiod', anEastWestGateway({ ip: '10.0.0.1', ports: [{ port: 443 }] })],
    ['waits for an address', anEastWestGateway()],
  ])('a gateway that %s hides no load balancer that leads there', async (_what, gateway) => {
    const ports = [{ name: 'https-dns', port: 15012 }];
    const direct = aService('istiod-ilb', { type: 'LoadBalancer', ip: '10.150.0.44', ports });
    await using world = await start([...current(), gateway, direct]);
    expect(await world.facts()).toMatchObject({ istiodAddresses: ['10.150.0.44'], istiodPort: 15012 });
  });
});

describe('a classic cluster', () => {
  test('gives the four addresses by their roles, and the range with its source', async () => {
    await using world = await start(aClassicCluster());
    expect(await world.facts()).toEqual({
      generation: 'classic',
      istioNamespace: 'istio-system',
      release: '0.2',
      serviceCidrs: ['10.63.240.0/20'],
      serviceCidrSource: 'the API server of lab, which refused 1.1.1.1',
      addresses: { pilot: '10.150.0.6', dns: '10.150.0.7', mixer: '10.150.0.8', ca: '10.150.0.9' },
      clusterDomain: 'cluster.local',
    });
    expect(world.server.mutations).toEqual([]);
  });

  test('is recognized by its Services; a ConfigMap istio alone means istiod elsewhere', async () => {
    await using classic = await start([...aClassicCluster(), aConfigMap('istio-system', 'istio', { mesh: '' })]);
    expect((await classic.facts()).generation).toBe('classic');
    await using nothing = await start([aNamespace('istio-system')]);
    const problem = await problemOf(nothing.facts());
    expect(problem.id).toBe('istio-not-found');
    expect(problem.message).toMatch(
      /No Istio found in namespace istio-system of lab: looked for Service istiod, Service istio-pilot/,
    );
  });

  const image = (version: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'istio-pilot', namespace: 'istio-system' },
    spec: { template: { spec: { containers: [{ image: `istio/pilot:${version}` }] } } },
  });
  const without = (name: string) => aClassicCluster().filter((object) => object.metadata.name !== name);

  test.each([
    ['0.2.10', '0.2'],
    ['0.3.0', '0.2'],
    ['0.7.1', '0.4'],
  ])('Pilot of release %s means the formats of %s', async (version, release) => {
    await using world = await start([...aClassicCluster(), image(version)]);
    expect(await world.facts()).toMatchObject({ release });
  });

  test.each([
    ['0.8', []],
    ['1.0', [aService('istio-galley')]],
  ] as const)('citadel-ilb means %s or, with Galley, 1.0', async (release, more) => {
    const ca = aService('citadel-ilb', { ip: '10.150.0.9', ports: [{ port: 8060 }] });
    await using world = await start([...without('istio-ca-ilb'), ca, ...more]);
    expect(await world.facts()).toMatchObject({ release, addresses: { ca: '10.150.0.9' } });
  });

  test('1.5 has neither Mixer nor CA', async () => {
    await using world = await start(without('mixer-ilb').filter(({ metadata }) => metadata.name !== 'istio-ca-ilb'));
    const facts = await world.facts({ release: '1.5' });
    expect(facts).toMatchObject({ release: '1.5', addresses: { pilot: '10.150.0.6', dns: '10.150.0.7' } });
  });

  test('all load balancers without an address are named at once', async () => {
    const objects = [...without('mixer-ilb'), aPendingService('mixer-ilb')].filter(
      ({ metadata }) => metadata.name !== 'dns-ilb',
    );
    await using world = await start([...objects, aPendingService('dns-ilb', { namespace: 'kube-system' })]);
    const problem = await problemOf(world.facts());
    expect(problem.id).toBe('load-balancer-pending');
    expect(problem.issues).toHaveLength(2);
    expect(problem.message).toContain('Service istio-system/mixer-ilb, Service kube-system/dns-ilb');
  });

  test('one that does not exist is distinguished from one that waits', async () => {
    await using world = await start(without('mixer-ilb'));
    expect((await problemOf(world.facts({ release: '0.2' }))).id).toBe('load-balancer-missing');
  });

  test('addresses are waited for with `wait`, and missing ones are named', async () => {
    const notes: string[] = [];
    await using world = await start([...without('mixer-ilb'), aPendingService('mixer-ilb')]);
    const note = (line: string): void => {
      notes.push(line);
      world.server.put(aService('mixer-ilb', { ip: '10.150.0.8', ports: [{ port: 9091 }] }));
    };
    const facts = await world.facts({ release: '0.2', wait: { timeoutMs: 10_000, intervalMs: 5, note } });
    expect(facts).toMatchObject({ addresses: { mixer: '10.150.0.8' } });
    expect(notes).toEqual(['waiting for an address of Service istio-system/mixer-ilb, for at most 10 s']);
  });

  test('a public address of the control plane is refused', async () => {
    const pilot = aService('istio-pilot-ilb', { ip: '35.197.249.113', ports: [{ port: 8080 }] });
    await using world = await start([...without('istio-pilot-ilb'), pilot]);
    const problem = await problemOf(world.facts());
    expect(problem.id).toBe('load-balancer-public');
    expect(problem.message).toMatch(/istio-pilot-ilb has the public address 35\.197\.249\.113/);
    expect(await world.facts({ allowPublic: true })).toMatchObject({ addresses: { pilot: '35.197.249.113' } });
  });

  test('a cluster IP outside the range is noted with its Service', async () => {
    const notes: string[] = [];
    const kubernetes = aService('kubernetes', { namespace: 'default', clusterIp: '10.63.240.1' });
    await using world = await start([...aClassicCluster(), kubernetes]);
    await world.facts({ note: (line) => void notes.push(line) });
    expect(notes).toEqual([
      'the cluster IP 10.47.241.19 of Service istio-system/istio-pilot is outside 10.63.240.0/20',
    ]);
  });

  test('facts that are not needed are not read', async () => {
    await using world = await start(without('mixer-ilb'));
    await world.facts({ skip: ['addresses'] });
    expect(world.server.requests.some(({ path }) => path.endsWith('/mixer-ilb'))).toBe(false);
    await using other = await start(aClassicCluster());
    await other.facts({ skip: ['serviceRange'] });
    expect(other.server.requests.some(({ method }) => method === 'POST')).toBe(false);
  });
});

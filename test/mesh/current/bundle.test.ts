import fc from 'fast-check';
import { parse } from 'yaml';
import { currentBundle } from '../../../src/mesh/current/bundle.ts';
import { currentKubedns } from '../../../src/mesh/current/kubedns.ts';
import { parseEnv } from '../../../src/mesh/env-value.ts';
import { parseServicePorts } from '../../../src/mesh/service-port.ts';
import { expectGolden } from '../../support/golden.ts';
import { currentFacts, mysqlWorkload, problemOf } from '../support.ts';

const service = (name: string, ...ports: string[]) => ({ name, ports: parseServicePorts(ports) });
const envOf = (...input: Parameters<typeof currentBundle>) => parseEnv(currentBundle(...input).clusterEnv);

/** Every case has a folder test/golden/mesh/current/NAME with the four files. */
const CASES: Readonly<Record<string, Parameters<typeof currentBundle>>> = {
  mysqldb: [currentFacts(), mysqlWorkload(), { address: '10.150.0.5' }],
  'two-services': [
    currentFacts({
      revision: '1-29-1',
      istiodHost: 'istiod-1-29-1.mesh.svc',
      istioNamespace: 'mesh',
      istiodPort: 30012,
      meshId: 'mesh1',
    }),
    mysqlWorkload({
      group: 'shop-vm',
      labels: { app: 'shop', version: 'v2', team: 'a' },
      services: [service('mysqldb', '3306'), service('web', '8080', 'https:8443'), service('admin', 'http:9090')],
      network: 'vm-network',
      probe: { tcpSocket: { port: 3306 }, periodSeconds: 5 },
    }),
    { address: 'fd00::5', excludePorts: [2222, 22], captureDns: false, serviceCidr: '10.63.240.0/20' },
  ],
  'no-service': [
    currentFacts({
      clusterId: '',
      istiodAddresses: ['fd00::30'],
      defaultConfig: { statusPort: 15099, tracing: { sampling: 100 } },
    }),
    mysqlWorkload({ group: 'client-vm', serviceAccount: 'default', services: [] }),
    {},
  ],
};

test.each(Object.entries(CASES))('the files of a VM are byte for byte: %s', (name, input) => {
  const bundle = currentBundle(...input);
  expectGolden(`mesh/current/${name}/cluster.env`, bundle.clusterEnv);
  expectGolden(`mesh/current/${name}/mesh.yaml`, bundle.meshYaml);
  expectGolden(`mesh/current/${name}/hosts`, bundle.hosts);
  expectGolden(`mesh/current/${name}/kubedns`, currentKubedns(input[0], { dnsAddress: '10.150.0.7' }));
  expect(bundle.rootCert).toBe(input[0].rootCert);
});

test('the default values of the file are those of istioctl', () => {
  const { clusterEnv } = currentBundle(currentFacts(), mysqlWorkload());
  expect(clusterEnv).toContain("ISTIO_SERVICE_CIDR='*'\n");
  expect(clusterEnv).toContain("ISTIO_LOCAL_EXCLUDE_PORTS='22,15090,15021,15020'\n");
  expect(clusterEnv).toContain("ISTIO_INBOUND_PORTS='3306'\n");
  expect(clusterEnv).toContain("ISTIO_SERVICE='mysqldb.vm'\n");
  const lines = clusterEnv.trimEnd().split('\n');
  expect(lines).toEqual([...lines].sort());
  expect(lines.every((line) => /^[A-Z_]+='.*'$/.test(line))).toBe(true);
});

test('a given range replaces the star', () => {
  expect(envOf(currentFacts(), mysqlWorkload(), { serviceCidr: '10.63.240.0/20' }).get('ISTIO_SERVICE_CIDR')).toBe(
    '10.63.240.0/20',
  );
  expect(problemOf(() => envOf(currentFacts(), mysqlWorkload(), { serviceCidr: '' })).id).toBe('bad-cidr');
});

test('the port of another control plane is in CA_ADDR and in discoveryAddress', () => {
  const bundle = currentBundle(currentFacts({ istiodPort: 30012 }), mysqlWorkload());
  expect(parseEnv(bundle.clusterEnv).get('CA_ADDR')).toBe('istiod.istio-system.svc:30012');
  expect(parse(bundle.meshYaml)).toMatchObject({
    defaultConfig: { discoveryAddress: 'istiod.istio-system.svc:30012' },
  });
});

test('inbound ports are those of every service, sorted by value', () => {
  const services = [service('web', '10000', '8080'), service('db', '3306'), service('other', 'http:8080')];
  expect(envOf(currentFacts(), mysqlWorkload({ services })).get('ISTIO_INBOUND_PORTS')).toBe('3306,8080,10000');
});

test('a workload without a service captures as Istio does, and never SSH', () => {
  const env = envOf(currentFacts(), mysqlWorkload({ services: [] }), { excludePorts: [2222] });
  expect(env.get('ISTIO_INBOUND_PORTS')).toBe('*');
  expect(env.get('ISTIO_LOCAL_EXCLUDE_PORTS')).toBe('22,15090,15021,15020,2222');
  expect(env.has('ISTIO_META_POD_PORTS')).toBe(false);
});

test.each([
  ['22', []],
  ['2222', [2222]],
  ['15021', []],
  ['15001', []],
])('port %s cannot be a mesh port when sshd or the proxy has it', (port, excludePorts) => {
  const workload = mysqlWorkload({ services: [service('db', port)] });
  expect(problemOf(() => currentBundle(currentFacts(), workload, { excludePorts })).id).toBe('port-never-captured');
});

test('the labels that the proxy reports name every service and the canonical ones', () => {
  const workload = mysqlWorkload({
    labels: { tier: 'back' },
    services: [service('mysqldb', '3306'), service('web', '80')],
  });
  expect(JSON.parse(envOf(currentFacts(), workload).get('ISTIO_METAJSON_LABELS') ?? '')).toEqual({
    app: 'mysqldb',
    version: 'latest',
    tier: 'back',
    'meshx.dev/vm': 'mysqldb',
    'service.meshx.dev/mysqldb': 'ready',
    'service.meshx.dev/web': 'ready',
    'service.istio.io/canonical-name': 'mysqldb',
    'service.istio.io/canonical-revision': 'latest',
  });
});

test.each([
  [{}, 'mysqldb', 'latest'],
  [{ app: 'db', version: 'v2' }, 'db', 'v2'],
  [{ app: 'db', 'app.kubernetes.io/name': 'kube', 'app.kubernetes.io/version': '3' }, 'kube', '3'],
  [{ 'service.istio.io/canonical-name': 'own', 'service.istio.io/canonical-revision': 'r' }, 'own', 'r'],
])('the canonical name of %j is %s at %s', (labels, name, revision) => {
  const env = envOf(currentFacts(), mysqlWorkload({ labels }));
  expect([env.get('CANONICAL_SERVICE'), env.get('CANONICAL_REVISION')]).toEqual([name, revision]);
});

test('ISTIO_META_POD_PORTS lists the ports of all services by name', () => {
  const services = [service('mysqldb', '3306'), service('web', '80')];
  expect(envOf(currentFacts(), mysqlWorkload({ services })).get('ISTIO_META_POD_PORTS')).toBe(
    '[{"name":"http-80","containerPort":80,"protocol":""},{"name":"mysql-3306","containerPort":3306,"protocol":""}]',
  );
});

test('the annotation of the group is merged key by key into the proxy metadata of the mesh', () => {
  const facts = currentFacts({
    defaultConfig: {
      concurrency: 2,
      tracing: { sampling: 1 },
      proxyMetadata: { ISTIO_META_A: 'mesh', ISTIO_META_B: 'mesh', STS_PORT: 5 },
    },
  });
  const annotations = {
    'proxy.istio.io/config':
      'concurrency: 4\nproxy_metadata:\n  ISTIO_META_B: group\n  ISTIO_META_DNS_CAPTURE: "false"\n',
  };
  const bundle = currentBundle(facts, mysqlWorkload({ annotations }));
  expect(parse(bundle.meshYaml)).toMatchObject({
    defaultConfig: {
      concurrency: 4,
      tracing: { sampling: 1 },
      proxyMetadata: { ISTIO_META_A: 'mesh', ISTIO_META_B: 'group', STS_PORT: '5' },
    },
  });
  expect(bundle.clusterEnv).toContain("ISTIO_META_B='group'\n");
  expect(parseEnv(bundle.clusterEnv).get('ISTIO_META_DNS_CAPTURE')).toBe('true');
});

test.each(['- a\n', 'text', '{', 'a: *b'])('an annotation that is no ProxyConfig is a Problem: %j', (text) => {
  const workload = mysqlWorkload({ annotations: { 'proxy.istio.io/config': text } });
  expect(problemOf(() => currentBundle(currentFacts(), workload)).id).toBe('proxy-config-unreadable');
});

test("the group's probe is in mesh.yaml, the mesh's own never is", () => {
  const facts = currentFacts({ defaultConfig: { readinessProbe: { httpGet: { port: 1 } } } });
  const read = (more: object) =>
    (parse(currentBundle(facts, mysqlWorkload(more)).meshYaml) as { defaultConfig: object }).defaultConfig;
  expect(read({ probe: { tcpSocket: { port: 3306 } } })).toMatchObject({
    readinessProbe: { tcpSocket: { host: 'localhost', port: 3306 } },
  });
  const elsewhere = { tcpSocket: { host: '10.9.9.9', port: 3306 } };
  expect(read({ probe: elsewhere })).toMatchObject({ readinessProbe: elsewhere });
  expect(read({})).not.toHaveProperty('readinessProbe');
});

test('no address of istiod is a Problem, never an empty hosts file', () => {
  expect(problemOf(() => currentBundle(currentFacts({ istiodAddresses: [] }), mysqlWorkload())).id).toBe(
    'istiod-address-missing',
  );
});

test('a host name instead of an address is refused', () => {
  const facts = currentFacts({ istiodAddresses: ['lb.example.com'] });
  expect(problemOf(() => currentBundle(facts, mysqlWorkload())).id).toBe('bad-address');
});

test('without a way to the cluster DNS there is no server line, and an empty one is never written', () => {
  const facts = currentFacts({ istiodHost: 'istiod-canary.istio-system.svc' });
  expect(currentKubedns(facts)).toBe(
    'address=/istio-pilot/10.150.0.30\naddress=/istiod-canary.istio-system.svc/10.150.0.30\n',
  );
});

test('a value with a line break is refused, one with a quote is quoted as istioctl does', () => {
  const withMetadata = (value: string) => currentFacts({ defaultConfig: { proxyMetadata: { ISTIO_META_X: value } } });
  expect(problemOf(() => currentBundle(withMetadata('a\nCA_ADDR=evil'), mysqlWorkload())).id).toBe('env-value-unsafe');
  expect(currentBundle(withMetadata("it's"), mysqlWorkload()).clusterEnv).toContain(`ISTIO_META_X='it'"'"'s'\n`);
});

test('every metadata value reads back from cluster.env, and equal input gives equal bytes', () => {
  const metadata = fc.dictionary(
    fc.stringMatching(/^ISTIO_META_[A-Z_]{1,12}$/),
    fc.string({ unit: fc.constantFrom(...'ab \'"\\$`!#*{}[]=,:é') }),
  );
  fc.assert(
    fc.property(metadata, (proxyMetadata) => {
      const facts = currentFacts({ defaultConfig: { proxyMetadata } });
      const { clusterEnv } = currentBundle(facts, mysqlWorkload());
      const read = parseEnv(clusterEnv);
      const computed = parseEnv(currentBundle(currentFacts(), mysqlWorkload()).clusterEnv);
      for (const [key, value] of Object.entries(proxyMetadata))
        if (!computed.has(key)) expect(read.get(key)).toBe(value);
      const reversed = Object.fromEntries(Object.entries(proxyMetadata).reverse());
      expect(
        currentBundle(currentFacts({ defaultConfig: { proxyMetadata: reversed } }), mysqlWorkload()).clusterEnv,
      ).toBe(clusterEnv);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['10.150.0.5', '10.150.0.30'],
  ['fd00::5', 'fd00::30'],
  [undefined, 'fd00::30'],
])('a VM at %s finds istiod by an address of its own family', (address, istiod) => {
  const facts = currentFacts({ istiodAddresses: ['fd00::30', '10.150.0.30'] });
  const { hosts } = currentBundle(facts, mysqlWorkload(), { ...(address !== undefined && { address }) });
  expect(hosts).toBe(`${istiod} istiod.istio-system.svc\n`);
});

test('a VM takes the only address of istiod, even of another family', () => {
  const facts = currentFacts({ istiodAddresses: ['fd00::30'] });
  expect(currentBundle(facts, mysqlWorkload(), { address: '10.150.0.5' }).hosts).toMatch(/^fd00::30 /);
});

import fc from 'fast-check';
import { stringify } from 'yaml';
import { servicesOf, withoutService, withService, workloadOf } from '../../../src/mesh/current/group.ts';
import { type CurrentRegistration, currentObjects } from '../../../src/mesh/current/registration.ts';
import { governingSidecar } from '../../../src/mesh/current/sidecar.ts';
import { type KubeObject, madeByMeshx, refOf, showRef } from '../../../src/mesh/kube-object.ts';
import { parseServicePort, parseServicePorts } from '../../../src/mesh/service-port.ts';
import type { Workload } from '../../../src/mesh/workload.ts';
import { entryPortName, portMap } from '../../../src/mesh/workload-labels.ts';
import { expectGolden } from '../../support/golden.ts';
import { mysqlWorkload, problemOf } from '../support.ts';

const service = (name: string, ...ports: string[]) => ({ name, ports: parseServicePorts(ports) });
const TWO = mysqlWorkload({
  group: 'shop-vm',
  labels: { tier: 'back' },
  services: [service('mysqldb', '3306'), service('web', 'http:8080', '9000')],
  network: 'vm-net',
  locality: 'europe-west1/europe-west1-b',
  weight: 10,
  probe: { tcpSocket: { host: 'localhost', port: 3306 }, periodSeconds: 5 },
});
const kinds = (objects: readonly KubeObject[]) => objects.map((object) => showRef(refOf(object)));
const ofKind = (kind: string, registration: CurrentRegistration) => {
  const object = currentObjects(registration).find((one) => one.kind === kind);
  if (!object) throw new Error(`no ${kind}`);
  return object;
};
const yaml = (objects: readonly KubeObject[]) => objects.map((object) => stringify(object)).join('---\n');

test('the objects of a registration are byte for byte', () => {
  expectGolden('mesh/current/register-mysqldb/objects.yaml', yaml(currentObjects({ workload: mysqlWorkload() })));
  const all = { workload: TWO, createNamespace: true, createServiceAccount: true, loopbackPorts: [3306] };
  expectGolden('mesh/current/register-two-services/objects.yaml', yaml(currentObjects(all)));
  const fixed = { workload: mysqlWorkload(), fixedEntry: { address: '10.150.0.5' } };
  expectGolden('mesh/current/register-fixed/objects.yaml', yaml(currentObjects(fixed)));
});

test('optional objects come first, and everything is marked as made by meshx', () => {
  const objects = currentObjects({ workload: TWO, createNamespace: true, createServiceAccount: true });
  expect(kinds(objects)).toEqual([
    'Namespace vm',
    'ServiceAccount vm/mysqldb',
    'WorkloadGroup vm/shop-vm',
    'Service vm/mysqldb',
    'Service vm/web',
    'Sidecar vm/meshx-shop-vm',
  ]);
  expect(objects.every(madeByMeshx)).toBe(true);
  expect(kinds(currentObjects({ workload: mysqlWorkload() }))).toEqual([
    'WorkloadGroup vm/mysqldb',
    'Service vm/mysqldb',
    'Sidecar vm/meshx-mysqldb',
  ]);
});

test('the group has app, version, one label per service and the service account', () => {
  expect(ofKind('WorkloadGroup', { workload: TWO })['spec']).toEqual({
    metadata: {
      annotations: { 'meshx.dev/ports': 'http-8080=8080,mysql-3306=3306,port-9000=9000' },
      labels: {
        app: 'shop-vm',
        version: 'latest',
        tier: 'back',
        'meshx.dev/vm': 'shop-vm',
        'service.meshx.dev/mysqldb': 'ready',
        'service.meshx.dev/web': 'ready',
      },
    },
    template: {
      ports: { 'mysql-3306': 3306, 'http-8080': 8080, 'port-9000': 9000 },
      serviceAccount: 'mysqldb',
      network: 'vm-net',
      locality: 'europe-west1/europe-west1-b',
      weight: 10,
    },
    probe: { tcpSocket: { host: 'localhost', port: 3306 }, periodSeconds: 5 },
  });
});

test('a port whose name says nothing is declared TCP, so that Istio does not guess', () => {
  expect(currentObjects({ workload: TWO })[2]?.['spec']).toMatchObject({
    ports: [
      { name: 'http', port: 8080 },
      { name: '9000', port: 9000, appProtocol: 'tcp' },
    ],
    selector: { 'service.meshx.dev/web': 'ready' },
  });
});

test('the Sidecar has one listener per port and selects this VM only', () => {
  expect(ofKind('Sidecar', { workload: TWO, loopbackPorts: [3306] })['spec']).toEqual({
    workloadSelector: { labels: { 'meshx.dev/vm': 'shop-vm' } },
    ingress: [
      { port: { number: 3306, protocol: 'TCP', name: 'mysql' }, defaultEndpoint: '127.0.0.1:3306' },
      { port: { number: 8080, protocol: 'HTTP', name: 'http' } },
      { port: { number: 9000, protocol: 'TCP', name: '9000' } },
    ],
  });
});

test('two services that share a port give one listener', () => {
  const services = [service('a', '3306'), service('b', 'tcp-b:3306')];
  expect(ofKind('Sidecar', { workload: mysqlWorkload({ services }) })['spec']).toMatchObject({
    ingress: [{ port: { number: 3306 } }],
  });
});

test('the Sidecar inherits egress and outbound policy of the one that it replaces', () => {
  const egress = [{ hosts: ['./*', 'istio-system/*'] }];
  const outboundTrafficPolicy = { mode: 'REGISTRY_ONLY' };
  const inherits = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name: 'default', namespace: 'vm' },
    spec: { egress, outboundTrafficPolicy, ingress: [] },
  };
  expect(ofKind('Sidecar', { workload: TWO, inherits })['spec']).toMatchObject({ egress, outboundTrafficPolicy });
});

test('the Sidecar that governs a VM is the oldest without a selector, of its namespace or else of the root', () => {
  const sidecar = (name: string, namespace: string, more: object = {}, creationTimestamp = '2026-01-02T00:00:00Z') => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name, namespace, creationTimestamp },
    spec: more,
  });
  const root = sidecar('root', 'istio-system');
  const selecting = sidecar('other', 'vm', { workloadSelector: { labels: { a: 'b' } } });
  const newer = sidecar('newer', 'vm');
  const older = sidecar('older', 'vm', {}, '2026-01-01T00:00:00Z');
  expect(governingSidecar([selecting, root], 'vm', 'istio-system')).toBe(root);
  expect(governingSidecar([root, newer, older, selecting], 'vm', 'istio-system')).toBe(older);
  expect(governingSidecar([selecting], 'vm', 'istio-system')).toBeUndefined();
});

test('a group without a service needs no Sidecar: Istio refuses an empty one', () => {
  expect(kinds(currentObjects({ workload: mysqlWorkload({ services: [] }) }))).toEqual(['WorkloadGroup vm/mysqldb']);
});

test('a fixed entry carries the address and the labels that the Services select', () => {
  const entry = ofKind('WorkloadEntry', { workload: mysqlWorkload(), fixedEntry: { address: 'FD00::5' } });
  expect(entry.metadata.name).toBe('mysqldb-at-fd00--5');
  expect(entry['spec']).not.toHaveProperty(['labels', 'meshx.dev/vm']);
  expect(entry['spec']).toMatchObject({
    address: 'fd00::5',
    labels: { 'service.meshx.dev/mysqldb': 'ready' },
    serviceAccount: 'mysqldb',
  });
  expect(problemOf(() => currentObjects({ workload: mysqlWorkload(), fixedEntry: { address: '127.0.1.1' } })).id).toBe(
    'bad-address',
  );
});

test("another owner's Service is not among the objects", () => {
  expect(kinds(currentObjects({ workload: TWO, foreignServices: ['web'] }))).not.toContain('Service vm/web');
});

test('a probe that would stop the agent is refused', () => {
  expect(problemOf(() => currentObjects({ workload: mysqlWorkload({ probe: {} }) })).id).toBe('bad-check');
});

test('ports of one name and two numbers have two names in the entry', () => {
  expect(portMap(mysqlWorkload({ services: [service('a', 'http:8080')] }))).toEqual({ 'http-8080': 8080 });
  const services = [service('a', 'http:8080'), service('b', 'http:8081'), service('c', 'http-8080:9000', 'tcp:1')];
  const ports = portMap(mysqlWorkload({ services }));
  expect(ports).toEqual({ 'http-8080-9000': 9000, 'http-8080': 8080, 'http-8081': 8081, 'tcp-1': 1 });
});

test('a further service is added to the registration, and removed again', () => {
  const group = ofKind('WorkloadGroup', { workload: TWO });
  const more = withService(workloadOf(group), service('redis', '6379'));
  expect(more.services.map(({ name }) => name)).toEqual(['mysqldb', 'redis', 'web']);
  expect(withoutService(more, 'redis')).toEqual(TWO);
  expect(withService(TWO, service('web', '80')).services.find(({ name }) => name === 'web')?.ports).toEqual([
    { number: 80, name: 'http' },
  ]);
});

test('a group that someone else labelled has its ports from the Service of that name', () => {
  const group = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadGroup',
    metadata: { name: 'db', namespace: 'vm' },
    spec: { metadata: { labels: { 'service.meshx.dev/db': 'draining' } }, template: { ports: { tcp: 1 } } },
  };
  const found = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db' },
    spec: { ports: [{ name: 'mysql', port: 3306, targetPort: 3307 }] },
  };
  expect(servicesOf(group, [found])).toEqual([{ name: 'db', ports: [{ name: 'mysql', number: 3307 }] }]);
  expect(workloadOf(group, [found]).serviceAccount).toBe('default');
  expect(problemOf(() => servicesOf(group)).id).toBe('registered-ports-unknown');
});

test('an object that is no group is a Problem', () => {
  expect(problemOf(() => workloadOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } })).id).toBe(
    'workload-group-unreadable',
  );
});

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
// A port with the word udp in its name is refused before there is a workload.
const portName = name.filter((word) => !word.includes('udp'));
const ports = fc.uniqueArray(fc.record({ number: fc.integer({ min: 1, max: 65_535 }), name: portName }), {
  minLength: 1,
  maxLength: 4,
  selector: (port) => port.name,
});
const workloads: fc.Arbitrary<Workload> = fc
  .record(
    {
      group: name,
      namespace: name,
      serviceAccount: name,
      labels: fc.dictionary(fc.constantFrom('tier', 'example.com/team', 'a.b'), name),
      services: fc.uniqueArray(fc.record({ name, ports }), { maxLength: 4, selector: (one) => one.name }),
      annotations: fc.dictionary(fc.constant('proxy.istio.io/config'), fc.string(), { minKeys: 1 }),
      network: name,
      locality: fc.constant('r/z'),
      weight: fc.integer({ min: 1, max: 100 }),
      probe: fc.constant({ tcpSocket: { host: 'localhost', port: 1 } }),
      agent: fc.integer({ min: 1, max: 1000 }),
    },
    { requiredKeys: ['group', 'namespace', 'serviceAccount', 'labels', 'services'] },
  )
  .map((workload) => ({ ...workload, services: [...workload.services].sort((a, b) => (a.name < b.name ? -1 : 1)) }));

test('reading a group back gives the same workload', () => {
  fc.assert(
    fc.property(workloads, (workload) => {
      const group = ofKind('WorkloadGroup', { workload });
      expect(workloadOf(JSON.parse(JSON.stringify(group)) as KubeObject)).toEqual(workload);
    }),
    { numRuns: 500 },
  );
});

const anyPort = fc.record({
  number: fc.integer({ min: 1, max: 65_535 }),
  name: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
});

test('the name of a port in an entry is one that a targetPort may have, and no other number has it', () => {
  fc.assert(
    fc.property(anyPort, anyPort, (one, other) => {
      const name = entryPortName(one);
      // IsValidPortName of k8s.io/apimachinery.
      expect(name).toMatch(/^(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/);
      expect(name === entryPortName(other) && one.number !== other.number).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['mysql:3306', 'mysql-3306'],
  ['mongodb-primary:27017', 'mongodb-p-27017'],
  ['https-admin:8443', 'https-admi-8443'],
  ['http-admin-x:8443', 'http-admin-8443'],
  ['9000', 'port-9000'],
  ['a--b:1', 'a-b-1'],
])('port %s is %s in every entry', (text, name) => {
  expect(entryPortName(parseServicePort(text))).toBe(name);
});

test('a TCP probe without a host, which would meet the sidecar itself, is written with localhost', () => {
  const group = ofKind('WorkloadGroup', { workload: { ...TWO, probe: { tcpSocket: { port: 3306 } } } });
  expect(group).toMatchObject({ spec: { probe: { tcpSocket: { host: 'localhost', port: 3306 } } } });
});

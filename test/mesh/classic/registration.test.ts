import fc from 'fast-check';
import { classicRemoval } from '../../../src/mesh/classic/deregistration.ts';
import { type ClassicFound, classicObjects, type ClassicRegistration } from '../../../src/mesh/classic/registration.ts';
import { addressesOf, parseSubsets } from '../../../src/mesh/classic/subsets.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { labelsLine, registeringLine, updatedLine } from '../../../src/mesh/registering-line.ts';
import { parseServicePorts } from '../../../src/mesh/service-port.ts';
import { expectGolden } from '../../support/golden.ts';
import { outcome, problemOf, RUNS } from '../support.ts';

const register = (address: string, ports: readonly string[], more: Partial<ClassicRegistration> = {}) => ({
  service: 'mysqldb',
  namespace: 'vm',
  address,
  ports: parseServicePorts(ports),
  ...more,
});
const found = (service?: KubeObject, endpoints?: KubeObject): ClassicFound => ({
  ...(service && { service }),
  ...(endpoints && { endpoints }),
});
const MYSQL = register('10.150.0.5', ['3306']);

test('a first registration makes a Service without selector and Endpoints with the address', () => {
  const { service, endpoints, count } = classicObjects(MYSQL);
  expectGolden('mesh/classic/register/objects.json', `${JSON.stringify([service, endpoints], null, 2)}\n`);
  expect(count).toBe(1);
});

test('the lines of the walkthrough carry the same facts', () => {
  expect(registeringLine(MYSQL)).toBe("Registering for service 'mysqldb' ip '10.150.0.5', ports list [{3306 mysql}]");
  expect(registeringLine(register('10.0.0.1', ['80', 'admin:81']))).toContain('ports list [{80 http} {81 admin}]');
  expect(labelsLine({}, { 'alpha.istio.io/kubernetes-serviceaccounts': 'default' })).toBe(
    '0 labels ([]) and 1 annotations ([alpha.istio.io/kubernetes-serviceaccounts=default])',
  );
  expect(updatedLine('mysqldb', 1)).toBe('Successfully updated mysqldb, now with 1 endpoints');
});

test('a second registration changes nothing: it returns the found objects', () => {
  const first = classicObjects(MYSQL);
  const second = classicObjects(MYSQL, first);
  expect(second.service).toBe(first.service);
  expect(second.endpoints).toBe(first.endpoints);
});

test('defaults of the API server are no difference', () => {
  const { service, endpoints } = classicObjects(MYSQL);
  const spec = { ...(service['spec'] as object), clusterIP: '10.63.1.1', type: 'ClusterIP', sessionAffinity: 'None' };
  const stored = found(
    { ...service, metadata: { ...service.metadata, resourceVersion: '7', uid: 'u' }, spec },
    { ...endpoints, metadata: { ...endpoints.metadata, resourceVersion: '8' } },
  );
  const again = classicObjects(MYSQL, stored);
  expect([again.service, again.endpoints]).toEqual([stored.service, stored.endpoints]);
  expect(again.service).toBe(stored.service);
});

test('a second address with the same ports joins the subset, one with other ports gets its own', () => {
  const first = classicObjects(MYSQL);
  const second = classicObjects(register('10.150.0.6', ['3306']), first);
  const third = classicObjects(register('10.150.0.7', ['3306', 'admin:33060']), second);
  expect(third.endpoints['subsets']).toMatchObject([
    { addresses: [{ ip: '10.150.0.5' }, { ip: '10.150.0.6' }], ports: [{ port: 3306 }] },
    { addresses: [{ ip: '10.150.0.7' }], ports: [{ port: 3306 }, { port: 33060 }] },
  ]);
  expect(third.service['spec']).toMatchObject({
    ports: [
      { name: 'mysql', port: 3306 },
      { name: 'admin', port: 33060 },
    ],
  });
  expect(third.count).toBe(3);
});

test('changed ports of an address replace the former ones, in the Service too', () => {
  const moved = classicObjects(register('10.150.0.5', ['mysql:3307']), classicObjects(MYSQL));
  expect(moved.endpoints['subsets']).toEqual([
    { addresses: [{ ip: '10.150.0.5' }], ports: [{ name: 'mysql', port: 3307, protocol: 'TCP' }] },
  ]);
  expect(moved.service['spec']).toMatchObject({ ports: [{ name: 'mysql', port: 3307 }] });
});

test('a new name of a port reaches Service and Endpoints, since they are joined by it', () => {
  const renamed = classicObjects(register('10.150.0.6', ['tcp-mysql:3306']), classicObjects(MYSQL));
  expect(renamed.service['spec']).toMatchObject({ ports: [{ name: 'tcp-mysql', port: 3306 }] });
  expect(renamed.endpoints['subsets']).toMatchObject([{ ports: [{ name: 'tcp-mysql' }] }]);
});

test('new labels and annotations of a second call are not dropped', () => {
  const more = { labels: { tier: 'back' }, annotations: { note: 'x' }, serviceAccount: 'db' };
  const { service } = classicObjects(register('10.150.0.5', ['3306'], more), classicObjects(MYSQL));
  expect(service.metadata).toMatchObject({
    labels: { tier: 'back' },
    annotations: { note: 'x', 'alpha.istio.io/kubernetes-serviceaccounts': 'db' },
  });
});

test('an empty service account leaves the annotation out', () => {
  expect(
    classicObjects(register('10.150.0.5', ['3306'], { serviceAccount: '' })).service.metadata.annotations,
  ).toBeUndefined();
});

test('an address that istioctl added twice is kept once, and then nothing more changes', () => {
  const { service, endpoints } = classicObjects(MYSQL);
  const twice = {
    ...endpoints,
    subsets: [{ addresses: [{ ip: '10.150.0.5' }, { ip: '10.150.0.5' }], ports: [{ name: 'mysql', port: 3306 }] }],
  };
  const repaired = classicObjects(MYSQL, { service, endpoints: twice });
  expect(repaired.count).toBe(1);
  expect(classicObjects(MYSQL, repaired).endpoints).toBe(repaired.endpoints);
});

test('IPv6 addresses are compared by meaning, not by spelling', () => {
  const first = classicObjects(register('fd00:0:0::5', ['3306']));
  expect(classicObjects(register('FD00::5', ['3306']), first).endpoints).toBe(first.endpoints);
  expect(classicRemoval({ service: 'mysqldb', address: 'fd00::0005' }, first).count).toBe(0);
});

const FOREIGN: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'mysqldb', namespace: 'vm', labels: { owner: 'team-a' } },
  spec: { ports: [{ name: 'tcp-db', port: 3306, targetPort: 3306 }] },
};

test("at another owner's Service only the entry is added, under that Service's port names", () => {
  const { service, endpoints } = classicObjects(MYSQL, { service: FOREIGN });
  expect(service).toBe(FOREIGN);
  expect(endpoints['subsets']).toMatchObject([{ ports: [{ name: 'tcp-db', port: 3306 }] }]);
  expect(problemOf(() => classicObjects(register('10.0.0.1', ['80']), { service: FOREIGN })).id).toBe(
    'foreign-service-ports',
  );
});

test('a port without a name at another owner stays without one, and a second call changes nothing', () => {
  const service = { ...FOREIGN, spec: { ports: [{ port: 3306 }] } };
  const endpoints = {
    ...FOREIGN,
    kind: 'Endpoints',
    spec: undefined,
    subsets: [{ addresses: [{ ip: '10.150.0.5' }], ports: [{ port: 3306, protocol: 'TCP' }] }],
  };
  expect(classicObjects(MYSQL, { service, endpoints }).endpoints).toBe(endpoints);
});

test('a Service that selects pods is refused: Kubernetes would overwrite the endpoints', () => {
  const service = { ...FOREIGN, spec: { selector: { app: 'db' } } };
  expect(problemOf(() => classicObjects(MYSQL, { service })).id).toBe('service-has-selector');
});

test('a Service that istioctl register made follows the registration', () => {
  const annotations = { 'alpha.istio.io/kubernetes-serviceaccounts': 'default' };
  const service = { ...FOREIGN, metadata: { name: 'mysqldb', namespace: 'vm', annotations } };
  expect(classicObjects(register('10.0.0.1', ['80']), { service }).service['spec']).toMatchObject({
    ports: [{ port: 80 }],
  });
});

test('two ports that need one name are a Problem', () => {
  const first = classicObjects(register('10.0.0.1', ['80']));
  expect(problemOf(() => classicObjects(register('10.0.0.2', ['8080']), first)).id).toBe('port-twice');
});

test('deregister removes the address and keeps the others', () => {
  const two = classicObjects(register('10.150.0.6', ['3306']), classicObjects(MYSQL));
  const removal = classicRemoval({ service: 'mysqldb', address: '10.150.0.5' }, two);
  expect(removal.endpoints['subsets']).toMatchObject([{ addresses: [{ ip: '10.150.0.6' }] }]);
  expect([removal.count, removal.isEmpty]).toEqual([1, false]);
});

test('the last address of a Service that meshx made empties it, one of another owner stays', () => {
  const one = classicObjects(MYSQL);
  expect(classicRemoval({ service: 'mysqldb', address: '10.150.0.5' }, one)).toMatchObject({ count: 0, isEmpty: true });
  const foreign = classicObjects(MYSQL, { service: FOREIGN });
  expect(classicRemoval({ service: 'mysqldb', address: '10.150.0.5' }, foreign)).toMatchObject({
    count: 0,
    isEmpty: false,
  });
});

test('a missing address is named as in istioctl', () => {
  const problem = problemOf(() => classicRemoval({ service: 'mysqldb', address: '10.1.1.1' }, classicObjects(MYSQL)));
  expect(problem.message).toBe('could not find ip 10.1.1.1 in svc mysqldb endpoints');
  expect(problemOf(() => classicRemoval({ service: 'mysqldb', address: '10.1.1.1' }, {})).id).toBe(
    'address-not-registered',
  );
});

test('whatever the order of registrations, each address occurs once and a repetition changes nothing', () => {
  const call = fc.record({
    address: fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1'),
    ports: fc.subarray(['3306', 'web:80', 'x:81'], { minLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 6 }), (calls) => {
      let state: ClassicFound = {};
      for (const { address, ports } of calls) state = classicObjects(register(address, ports), state);
      const last = calls.at(-1);
      const again = classicObjects(register(last?.address ?? '', last?.ports ?? []), state);
      expect(again.endpoints).toBe(state.endpoints);
      expect(again.service).toBe(state.service);
      const all = parseSubsets(state.endpoints).flatMap(({ addresses }) => addresses.map(({ ip }) => ip));
      expect(all).toHaveLength(new Set(calls.map(({ address }) => address)).size);
    }),
    { numRuns: 200 },
  );
});

test('any Endpoints object is read without an exception', () => {
  fc.assert(
    fc.property(fc.anything({ maxDepth: 5 }), (subsets) => {
      const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'x' }, subsets };
      expect(addressesOf(parseSubsets(endpoints))).toBeDefined();
      outcome(() => classicObjects(MYSQL, { endpoints }));
    }),
    RUNS,
  );
});

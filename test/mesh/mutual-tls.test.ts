import fc from 'fast-check';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { meshClient, plaintextClient, portSecurity } from '../../src/mesh/mutual-tls.ts';
import { effectiveMtls } from '../../src/mesh/peer-authentication.ts';
import { mysqlWorkload } from './support.ts';

const policy = (
  name: string,
  namespace: string,
  spec: object,
  creationTimestamp = '2026-01-01T00:00:00Z',
): KubeObject => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name, namespace, creationTimestamp },
  spec,
});
const mtls = (mode: string) => ({ mtls: { mode } });
const selector = { selector: { matchLabels: { app: 'mysqldb' } } };
const subject = { namespace: 'vm', labels: { app: 'mysqldb', tier: 'x' }, port: 3306, rootNamespace: 'istio-system' };
const MESH = policy('default', 'istio-system', mtls('STRICT'));
const NAMESPACE = policy('ns', 'vm', mtls('DISABLE'));
const WORKLOAD = policy('db', 'vm', {
  ...selector,
  ...mtls('PERMISSIVE'),
  portLevelMtls: { 3306: { mode: 'STRICT' }, 80: { mode: 'UNSET' } },
});

test('without a policy the mode is PERMISSIVE', () => {
  expect(effectiveMtls(subject, [])).toEqual({ mode: 'PERMISSIVE', source: 'default' });
});

test('the mesh, the namespace, the workload and its port decide in this order, and the object is named', () => {
  expect(effectiveMtls(subject, [MESH])).toEqual({ mode: 'STRICT', source: 'PeerAuthentication istio-system/default' });
  expect(effectiveMtls(subject, [MESH, NAMESPACE])).toEqual({ mode: 'DISABLE', source: 'PeerAuthentication vm/ns' });
  expect(effectiveMtls(subject, [WORKLOAD, MESH, NAMESPACE])).toEqual({
    mode: 'STRICT',
    source: 'PeerAuthentication vm/db',
  });
  expect(effectiveMtls({ ...subject, port: 80 }, [WORKLOAD, MESH]).mode).toBe('PERMISSIVE');
});

test('a mode that is not set is inherited', () => {
  expect(
    effectiveMtls(subject, [MESH, policy('ns', 'vm', {}), policy('db', 'vm', { ...selector, mtls: { mode: 'UNSET' } })])
      .mode,
  ).toBe('STRICT');
});

test('of several policies in one place the oldest counts', () => {
  const older = policy('z', 'vm', mtls('STRICT'), '2025-01-01T00:00:00Z');
  expect(effectiveMtls(subject, [NAMESPACE, older]).source).toBe('PeerAuthentication vm/z');
});

test('policies of other workloads, other namespaces and selectors in the root namespace do not count', () => {
  const other = policy('o', 'vm', { selector: { matchLabels: { app: 'web' } }, ...mtls('STRICT') });
  const root = policy('r', 'istio-system', { ...selector, ...mtls('STRICT') });
  expect(effectiveMtls(subject, [other, root, policy('n', 'default', mtls('STRICT'))]).source).toBe('default');
});

const MYSQL = { number: 3306, name: 'mysql' };
const HTTP = { number: 80, name: 'http' };

test.each([
  ['STRICT', MYSQL, 'refused'],
  ['STRICT', HTTP, 'refused'],
  ['PERMISSIVE', MYSQL, 'hangs'],
  ['PERMISSIVE', HTTP, 'plaintext'],
  ['DISABLE', MYSQL, 'plaintext'],
  ['DISABLE', HTTP, 'plaintext'],
] as const)('a plaintext client of a %s port (%j) meets: %s', (mode, port, meeting) => {
  expect(plaintextClient(mode, port)).toBe(meeting);
});

test.each([
  ['STRICT', 'AUTO', 'mutual-tls'],
  ['DISABLE', 'AUTO', 'plaintext'],
  ['STRICT', 'DISABLE', 'refused'],
  ['PERMISSIVE', 'DISABLE', 'hangs'],
  ['DISABLE', 'ISTIO_MUTUAL', 'refused'],
  ['PERMISSIVE', 'ISTIO_MUTUAL', 'mutual-tls'],
  ['PERMISSIVE', 'SIMPLE', 'tls-of-its-own'],
  ['STRICT', 'SIMPLE', 'refused'],
] as const)('a MySQL client in the mesh: server %s, DestinationRule %s: %s', (mode, tls, meeting) => {
  expect(meshClient(mode, tls, MYSQL)).toBe(meeting);
});

const rule = (host: string, namespace: string, spec: object, name = host): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name, namespace },
  spec: { host, ...spec },
});
const tls = (mode: string) => ({ trafficPolicy: { tls: { mode } } });
const secured = (destinationRules: readonly KubeObject[], clientNamespace = 'default') =>
  portSecurity(mysqlWorkload(), {
    peerAuthentications: [MESH],
    destinationRules,
    rootNamespace: 'istio-system',
    clusterDomain: 'cluster.local',
    clientNamespace,
  })[0];

test('each port has its server side, client side and the result', () => {
  expect(secured([])).toEqual({
    service: 'mysqldb',
    port: MYSQL,
    server: { mode: 'STRICT', source: 'PeerAuthentication istio-system/default' },
    client: { tls: 'AUTO', source: 'default' },
    insideMesh: 'mutual-tls',
    outsideMesh: 'refused',
    silentRefusal: true,
  });
});

test('a limit of the detection, in the mesh config, ends the wait of both sides', () => {
  const policies = { destinationRules: [], rootNamespace: 'istio-system', clusterDomain: 'cluster.local' };
  const of = (peerAuthentications: readonly KubeObject[]) =>
    portSecurity(mysqlWorkload(), { ...policies, peerAuthentications, detectionMs: 5000 })[0];
  expect(of([MESH])).not.toHaveProperty('silentRefusal');
  expect(of([])?.outsideMesh).toBe('plaintext');
});

test('the DestinationRule of the client comes before that of the service and that of the root namespace', () => {
  const root = rule('*.vm.svc.cluster.local', 'istio-system', tls('ISTIO_MUTUAL'));
  const own = rule('mysqldb', 'vm', tls('DISABLE'));
  const client = rule('mysqldb.vm.svc.cluster.local', 'default', tls('SIMPLE'));
  expect(secured([root])?.client.tls).toBe('ISTIO_MUTUAL');
  expect(secured([root, own])).toMatchObject({
    client: { tls: 'DISABLE', source: 'DestinationRule vm/mysqldb' },
    insideMesh: 'refused',
  });
  expect(secured([root, own, client])?.client.tls).toBe('SIMPLE');
});

test('the most exact host wins, a setting for the port replaces the general one', () => {
  const wide = rule('*.local', 'vm', tls('SIMPLE'));
  const near = rule('*.vm.svc.cluster.local', 'vm', tls('DISABLE'));
  expect(secured([wide, near])?.client.tls).toBe('DISABLE');
  const port = {
    trafficPolicy: {
      tls: { mode: 'SIMPLE' },
      portLevelSettings: [{ port: { number: 3306 }, tls: { mode: 'ISTIO_MUTUAL' } }],
    },
  };
  expect(secured([near, rule('mysqldb', 'vm', port)])?.client.tls).toBe('ISTIO_MUTUAL');
});

test('a rule that is not exported to the client is not seen', () => {
  const hidden = rule('mysqldb', 'vm', { ...tls('DISABLE'), exportTo: ['.'] });
  expect(secured([hidden])?.client.tls).toBe('AUTO');
  expect(secured([hidden], 'vm')?.client.tls).toBe('DISABLE');
});

test('any policy object is read without an exception', () => {
  fc.assert(
    fc.property(fc.anything({ maxDepth: 5 }), fc.anything({ maxDepth: 5 }), (spec, other) => {
      const object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'x', namespace: 'vm' } };
      const policies = { rootNamespace: 'istio-system', clusterDomain: 'cluster.local' };
      const [port] = portSecurity(mysqlWorkload(), {
        ...policies,
        peerAuthentications: [{ ...object, spec }],
        destinationRules: [{ ...object, spec: other }],
      });
      expect(['STRICT', 'PERMISSIVE', 'DISABLE']).toContain(port?.server.mode);
    }),
    { numRuns: 500 },
  );
});

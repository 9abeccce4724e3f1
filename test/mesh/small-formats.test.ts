import fc from 'fast-check';
import { automaticEntryName } from '../../src/mesh/entry-name.ts';
import { checkProbe, parseCheck } from '../../src/mesh/probe.ts';
import { serviceHost } from '../../src/mesh/service-host.ts';
import { parseSpiffeId, principal, spiffeId } from '../../src/mesh/spiffe.ts';
import { hostileText, outcome, problemOf, RUNS } from './support.ts';

test('the identity of a workload has namespace and service account', () => {
  expect(spiffeId('cluster.local', 'vm', 'mysqldb')).toBe('spiffe://cluster.local/ns/vm/sa/mysqldb');
  expect(principal('cluster.local', 'vm', 'mysqldb')).toBe('cluster.local/ns/vm/sa/mysqldb');
  expect(parseSpiffeId('spiffe://td/ns/vm/sa/db')).toEqual({
    trustDomain: 'td',
    namespace: 'vm',
    serviceAccount: 'db',
  });
  expect(parseSpiffeId('spiffe://td/ns/vm')).toBeUndefined();
});

test('any text is an identity that reads back, or none', () => {
  fc.assert(
    fc.property(hostileText('spiffe://cluster.local/ns/vm/sa/mysqldb'), (text) => {
      const id = parseSpiffeId(text);
      if (id) expect(spiffeId(id.trustDomain, id.namespace, id.serviceAccount)).toBe(text);
    }),
    RUNS,
  );
});

test('a service has these names in the mesh', () => {
  expect(serviceHost('mysqldb', 'vm')).toBe('mysqldb.vm.svc.cluster.local');
  expect(serviceHost('mysqldb', 'vm', 'corp.example')).toBe('mysqldb.vm.svc.corp.example');
});

test.each([
  [{ group: 'mysqldb', address: '10.150.0.5' }, 'mysqldb-10.150.0.5'],
  [{ group: 'mysqldb', address: '10.150.0.5', network: 'vm-net' }, 'mysqldb-10.150.0.5-vm-net'],
  [{ group: 'mysqldb', address: 'fd00::5' }, 'mysqldb-fd00--5'],
])('the automatic entry of %j is called %s', (parts, name) => expect(automaticEntryName(parts)).toBe(name));

test.each([
  [{ group: 'db', address: '10.0.0.1', network: 'Net_A' }],
  [{ group: 'db', address: 'fd00::' }],
  [{ group: 'db', address: '10.0.0.1', network: 'a.' }],
])('a name that the API server would refuse is a Problem before anything starts: %j', (parts) => {
  expect(problemOf(() => automaticEntryName(parts)).id).toBe('bad-name');
});

test('a name over 253 characters is cut from the front, as istiod does', () => {
  const network = Array(5).fill('n'.repeat(50)).join('.');
  const name = automaticEntryName({ group: 'g'.repeat(40), address: '10.0.0.1', network: network.slice(0, 220) });
  expect(name).toHaveLength(253);
  expect(name.startsWith('g'.repeat(20))).toBe(true);
});

test.each([
  ['tcp', { tcpSocket: { host: 'localhost', port: 3306 } }],
  ['mysql', { tcpSocket: { host: 'localhost', port: 3306 } }],
  ['grpc', { tcpSocket: { host: 'localhost', port: 3306 } }],
  ['http', { httpGet: { path: '/', port: 3306 } }],
  ['http:/healthz?full=1', { httpGet: { path: '/healthz?full=1', port: 3306 } }],
])('--check %s is a probe that the agent survives', (text, probe) => {
  expect(parseCheck(text, 3306)).toMatchObject({ ...probe, failureThreshold: 2, periodSeconds: 5 });
});

test.each([
  '',
  'udp',
  'exec',
  'tcp:80',
  'mysql:/',
  'grpc:x',
  'http:',
  'http:healthz',
  'http:/a b',
  'http:/a\nb',
  'HTTP',
])('--check %j is refused', (text) => expect(problemOf(() => parseCheck(text, 80)).id).toBe('bad-check'));

test.each([
  [{}],
  [{ periodSeconds: 5 }],
  [{ grpc: { port: 1 } }],
  [{ exec: { command: [] } }],
  [{ exec: {} }],
  [{ tcpSocket: {} }],
  [{ tcpSocket: { port: 0 } }],
  [{ httpGet: { port: 70_000 } }],
  [{ httpGet: { port: 1 }, tcpSocket: { port: 1 } }],
])('a probe that stops the agent is refused: %j', (probe) => {
  expect(problemOf(() => checkProbe(probe)).id).toBe('bad-check');
});

test('an exec probe with a command passes', () => {
  expect(checkProbe({ exec: { command: ['mysqladmin', 'ping'] } })).toBeDefined();
});

test('every text is a check that passes the rules, or a Problem', () => {
  fc.assert(
    fc.property(hostileText('tcp', 'http:/healthz', 'mysql', 'grpc'), (text) => {
      const result = outcome(() => parseCheck(text, 80));
      if ('problem' in result) expect(result.problem.id).toBe('bad-check');
      else expect(checkProbe(result.value)).toBe(result.value);
    }),
    RUNS,
  );
});

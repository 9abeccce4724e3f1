import { bootstrapOf, formatBootstrap } from '../../src/envoy/bootstrap.ts';
import { certificatesOf, formatCertificates } from '../../src/envoy/certificates.ts';
import { clustersOf, formatClusters } from '../../src/envoy/clusters.ts';
import { readConfigDump } from '../../src/envoy/config-dump.ts';
import { formatEndpoints, readEndpoints } from '../../src/envoy/endpoints.ts';
import { formatListeners, listenersOf } from '../../src/envoy/listeners.ts';
import { formatRoutes, routeTables } from '../../src/envoy/routes.ts';
import { byIstioctl, CLUSTERS, CONFIG_DUMP } from './dump.ts';

const dump = readConfigDump(CONFIG_DUMP);
const DURING = new Date('2026-11-30T19:10:00Z');

test.each([
  ['routes', undefined],
  ['routes-name-8080', '8080'],
])('the table of %s equals that of istioctl', (name, table) => {
  expect(formatRoutes(routeTables(dump, table))).toEqual(byIstioctl(name));
});

test.each([
  ['clusters', {}],
  ['clusters-fqdn', { fqdn: 'client.views', port: 8080 }],
  ['clusters-inbound', { direction: 'inbound' }],
  ['clusters-subset', { subset: 'v1' }],
])('the table of %s equals that of istioctl', (name, filter) => {
  expect(formatClusters(clustersOf(dump, filter))).toEqual(byIstioctl(name));
});

test.each([
  ['listeners', {}],
  ['listeners-port', { port: 15006 }],
  ['listeners-type', { type: 'HTTP' }],
  ['listeners-address', { address: '10.63.240.1' }],
])('the table of %s equals that of istioctl', (name, filter) => {
  expect(formatListeners(listenersOf(dump, filter))).toEqual(byIstioctl(name));
});

test.each([
  ['endpoints', {}],
  ['endpoints-port', { port: 3306, status: 'healthy' }],
  ['endpoints-cluster', { cluster: 'outbound|3306||mysqldb.views.svc.cluster.local' }],
  ['endpoints-address', { address: '127.0.0.1' }],
])('the table of %s equals that of istioctl', (name, filter) => {
  expect(formatEndpoints(readEndpoints(CLUSTERS, filter))).toEqual(byIstioctl(name));
});

test('the table of certificates is that of istioctl with the identity as a last column', () => {
  const [heading = '', ...rows] = formatCertificates(certificatesOf(dump, DURING));
  const [wanted = '', ...others] = byIstioctl('certificates');
  expect(heading.replace(/ +IDENTITY$/, '')).toBe(wanted);
  expect(rows.map((row) => row.replace(/ {5}\S+$/, ''))).toEqual(others);
  expect(rows.map((row) => row.split(/ {5,}/).at(-1))).toEqual([
    'spiffe://cluster.local/ns/views/sa/views',
    'O=cluster.local',
  ]);
});

test('the bootstrap begins with the lines of istioctl', () => {
  const wanted = byIstioctl('bootstrap');
  expect(formatBootstrap(bootstrapOf(dump)).slice(0, wanted.length)).toEqual(wanted);
});

import * as fc from 'fast-check';
import { bootstrapOf } from '../../src/envoy/bootstrap.ts';
import { certificatesOf } from '../../src/envoy/certificates.ts';
import { clustersOf, describeClusters, formatClusters } from '../../src/envoy/clusters.ts';
import { readConfigDump } from '../../src/envoy/config-dump.ts';
import { readEndpoints } from '../../src/envoy/endpoints.ts';
import { formatListeners, listenersOf } from '../../src/envoy/listeners.ts';
import { loggingPage, readLogLevels, wantedLevel } from '../../src/envoy/log-levels.ts';
import { describeTables, missingClusters } from '../../src/envoy/route-details.ts';
import { formatRoutes, routeTables } from '../../src/envoy/routes.ts';
import { readStats } from '../../src/envoy/stats.ts';
import { Unreadable } from '../../src/documents/unreadable.ts';
import { CLUSTERS, CONFIG_DUMP } from './dump.ts';

const dump = readConfigDump(CONFIG_DUMP);
const during = (text: string): Date => new Date(`2026-${text}Z`);

test('each HTTP port has a route table, named by the port', () => {
  const ports = routeTables(dump).map(({ name }) => name);
  expect(ports.slice(0, 4)).toEqual(['80', '8080', '15010', '15014']);
});

test('a route names its domains, its cluster, its timeout and its operation', () => {
  const [table] = routeTables(dump, '8080');
  const host = table?.virtualHosts.find(({ name }) => name.startsWith('web.'));
  expect(host?.domains).toEqual([
    ...['web.views.svc.cluster.local', 'web.views.svc.cluster.local.', 'web', 'web.views.svc', 'web.views'],
    '10.63.248.110',
  ]);
  expect(host?.routes).toEqual([
    {
      match: '/*',
      clusters: [{ name: 'outbound|8080||web.views.svc.cluster.local', weight: 100 }],
      ...{ timeout: '0s', retries: 2, operation: 'web.views.svc.cluster.local:8080/*' },
    },
  ]);
});

test('a route to a cluster that the proxy does not have is marked', () => {
  const [web, port80] = ['8080', '80'].map((name) => routeTables(dump, name));
  expect(missingClusters(web ?? [], dump)).toEqual([]);
  // The VirtualService names no port, and the service has no port 80.
  const missing = missingClusters(port80 ?? [], dump);
  expect(missing).toEqual([
    'outbound|80|v1|client.views.svc.cluster.local',
    'outbound|80||client.views.svc.cluster.local',
  ]);
  expect(describeTables(port80 ?? [], missing).join('\n')).toContain(
    '/* → outbound|80||client.views.svc.cluster.local (no such cluster), timeout none',
  );
});

test('a weighted route, a redirect and matched headers are described in words', () => {
  const lines = describeTables(routeTables(dump, '8080')).join('\n');
  expect(lines).toContain(
    '/api* with x-user → outbound|8080|v1|client.views.svc.cluster.local (weight 90), outbound|8080||client.views.svc.cluster.local (weight 10), timeout 3s',
  );
  expect(lines).toContain('/old → redirect to /new');
});

test('a cluster shows its limits, and its endpoints with health and failures', () => {
  const endpoints = readEndpoints(CLUSTERS).map((endpoint) =>
    endpoint.cluster.startsWith('outbound|3306') && endpoint.ip === '10.150.0.61'
      ? { ...endpoint, status: 'UNHEALTHY', outlier: true, counters: { cx_connect_fail: 3, rq_error: 2, cx_active: 1 } }
      : endpoint,
  );
  const lines = describeClusters(clustersOf(dump), endpoints);
  const client = lines.indexOf('outbound|8080||client.views.svc.cluster.local  EDS  DestinationRule web.views');
  expect(lines[client + 1]).toBe('  limits: connections 50, connect timeout 10s');
  expect(lines).toContain(
    '  10.150.0.61:3306 UNHEALTHY, 1 open connections, ejected by outlier detection, 3 failed connections, 2 failed requests',
  );
});

test('a certificate is valid between its two times, and named by its identity', () => {
  const valid = (now: Date) => certificatesOf(dump, now).map((each) => each.valid);
  expect(valid(during('11-30T19:10:00'))).toEqual([true, true]);
  expect(valid(during('12-02T00:00:00'))).toEqual([false, true]);
  expect(valid(during('11-30T19:00:00'))).toEqual([false, false]);
  expect(certificatesOf(dump, during('11-30T19:10:00'))[0]).toMatchObject({
    name: 'default',
    identity: 'spiffe://cluster.local/ns/views/sa/views',
    serial: 'cd2910bb977d7b6f54c2c8c65334eb75',
  });
});

test('the bootstrap names where configuration and traces go, the admin port and the node', () => {
  expect(bootstrapOf(dump)).toMatchObject({
    discovery: 'istiod.istio-system.svc:15012',
    xds: 'unix://./etc/istio/proxy/XDS',
    admin: '127.0.0.1:15000',
    nodeId: 'sidecar~10.150.0.62~vm2.views~views.svc.cluster.local',
  });
  expect(bootstrapOf(dump)).not.toHaveProperty('tracing');
});

test('the tracer of the bootstrap is named with its address', () => {
  const socket = { socket_address: { address: 'zipkin.istio-system', port_value: 9411 } };
  const bootstrap = {
    tracing: { http: { typed_config: { collector_cluster: 'zipkin' } } },
    static_resources: {
      clusters: [
        { name: 'zipkin', load_assignment: { endpoints: [{ lb_endpoints: [{ endpoint: { address: socket } }] }] } },
      ],
    },
  };
  expect(bootstrapOf({ ...dump, bootstrap }).tracing).toBe('zipkin.istio-system:9411 (zipkin)');
});

test('names of Envoy that hold control characters cannot act on a terminal', () => {
  const resource = { name: 'outbound|80||\u001b[2J.example', type: 'EDS' };
  expect(formatClusters(clustersOf({ ...dump, clusters: [{ resource }] })).join('\n')).not.toContain('\u001b');
});

test.each(['', '{', '[]', '{"configs": {}}', '{"cluster_statuses": []}'])('%j is not taken for a dump', (text) => {
  expect(() => readConfigDump(text)).toThrow(Unreadable);
});

test.each(['{"configs": []}', '{}', 'null', '{"cluster_statuses": 1}'])('%j is not taken for endpoints', (text) => {
  expect(() => readEndpoints(text)).toThrow(Unreadable);
});

test('whatever values a dump holds, it is shown or refused as unreadable', () => {
  const sections = ['Bootstrap', 'Clusters', 'Listeners', 'Routes', 'Secrets'];
  const keys = [...CONFIG_DUMP.matchAll(/"(\w+)":/g)].map((match) => match[1] ?? '');
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(null, true, -1, 0.5, 3306, '', 'a', '0s', 'outbound|80||x', '*', '/'),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...new Set(keys)), tie('json'), { maxKeys: 5 }),
    ),
  }));
  const section = fc
    .tuple(fc.constantFrom(...sections), fc.dictionary(fc.constantFrom(...new Set(keys)), json))
    .map(([name, value]) => ({ ...value, '@type': `type.googleapis.com/envoy.admin.v3.${name}ConfigDump` }));
  fc.assert(
    fc.property(fc.array(section, { maxLength: 6 }), (configs) => {
      const read = readConfigDump(JSON.stringify({ configs }));
      const shown = [
        ...formatRoutes(routeTables(read)),
        ...describeTables(routeTables(read)),
        ...formatClusters(clustersOf(read)),
        ...formatListeners(listenersOf(read)),
      ];
      expect(shown.every((line) => typeof line === 'string')).toBe(true);
      expect(typeof bootstrapOf(read).nodeId).toBe('string');
      expect(certificatesOf(read, new Date(0)).every(({ valid }) => !valid)).toBe(true);
    }),
  );
});

test('statistics are numbers where Envoy counts, and can be selected by a part of their name', () => {
  const text = 'cluster.a.cx_total: 12\nlistener_manager.lds.version_text: "2026/6"\nno statistic\n';
  expect(readStats(text)).toEqual([
    ['cluster.a.cx_total', 12],
    ['listener_manager.lds.version_text', '"2026/6"'],
  ]);
  expect(readStats(text, 'cx')).toEqual([['cluster.a.cx_total', 12]]);
});

test('log levels are read, and set for one logger, for several, or for all', () => {
  expect(readLogLevels('active loggers:\n  admin: warning\n  http2: debug\n')).toEqual({
    admin: 'warning',
    http2: 'debug',
  });
  expect(loggingPage([])).toBe('logging');
  expect(loggingPage([wantedLevel('http2:debug'), wantedLevel('rbac:trace')])).toBe(
    'logging?paths=http2:debug,rbac:trace',
  );
  expect(loggingPage([wantedLevel('warn')])).toBe('logging?level=warning');
});

test.each(['loud', 'http2:loud', 'a&b:debug', 'http2:debug:x', ''])('%j is no log level', (word) => {
  expect(() => wantedLevel(word)).toThrow('LOGGER:LEVEL');
});

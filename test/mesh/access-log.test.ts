import fc from 'fast-check';
import { parseAccessLog } from '../../src/mesh/access-log.ts';
import { hostileText, RUNS } from './support.ts';

const OLD_CLIENT =
  '[2018-02-14T16:28:24.640Z] "PUT /v2/keys/istioTest HTTP/1.1" 201 - 40 119 6 5 "-" "-" "45dd6431-49cf-9bcf-b611-1d319c56eb2e" "etcd-service:2379" "172.17.0.9:2379"';
const OLD_SERVER =
  '[2018-02-14T16:28:24.640Z] "PUT /v2/keys/istioTest HTTP/1.1" 201 - 40 119 4 1 "-" "-" "45dd6431-49cf-9bcf-b611-1d319c56eb2e" "etcd-service:2379" "127.0.0.1:2379"';
const TCP_INBOUND =
  '[2026-08-01T10:00:00.000Z] "- - -" 0 - - - "-" 211 350 12 - "-" "-" "-" "-" "10.150.0.5:3306" inbound|3306|| 127.0.0.6:40001 10.150.0.5:3306 10.1.0.7:51000 outbound_.3306_._.mysqldb.vm.svc.cluster.local -';
const HTTP_OUTBOUND =
  '[2026-08-01T10:00:01.000Z] "GET /api/v1/products/0/ratings?a=b c HTTP/1.1" 503 UF,URX upstream_reset_before_response_started{connection_failure} - "delayed connect error: 111" 0 152 3 - "10.1.0.1" "curl/8.0" "8aa0f7d8" "productpage:9080" "10.1.0.9:9080" outbound|9080||productpage.default.svc.cluster.local 10.1.0.7:41000 10.63.251.156:9080 10.1.0.7:51001 - default';

test('a line of 2018 is read field by field', () => {
  expect(parseAccessLog(OLD_CLIENT)).toEqual({
    format: 'old',
    time: '2018-02-14T16:28:24.640Z',
    request: { method: 'PUT', path: '/v2/keys/istioTest', protocol: 'HTTP/1.1' },
    status: 201,
    flags: [],
    bytesReceived: 40,
    bytesSent: 119,
    duration: 6,
    upstreamTime: 5,
    requestId: '45dd6431-49cf-9bcf-b611-1d319c56eb2e',
    authority: 'etcd-service:2379',
    upstreamHost: '172.17.0.9:2379',
  });
});

test('both sides of a request are joined by its id', () => {
  const client = parseAccessLog(OLD_CLIENT);
  const server = parseAccessLog(OLD_SERVER);
  expect(server?.requestId).toBe(client?.requestId);
  expect(server?.upstreamHost).toBe('127.0.0.1:2379');
  expect(client?.duration ?? 0).toBeGreaterThanOrEqual(server?.duration ?? 0);
});

test('a TCP line of today has both ends of the connection and no request', () => {
  const line = parseAccessLog(TCP_INBOUND);
  expect(line).toMatchObject({
    format: 'current',
    status: 0,
    upstreamCluster: 'inbound|3306||',
    upstreamHost: '10.150.0.5:3306',
    upstreamLocal: '127.0.0.6:40001',
    downstreamRemote: '10.1.0.7:51000',
    serverName: 'outbound_.3306_._.mysqldb.vm.svc.cluster.local',
  });
  expect(line).not.toHaveProperty('request');
  expect(line).not.toHaveProperty('peer');
});

test('an HTTP line of today has flags, details and reason', () => {
  const line = parseAccessLog(HTTP_OUTBOUND);
  expect(line).toMatchObject({
    request: { method: 'GET', path: '/api/v1/products/0/ratings?a=b c' },
    flags: ['UF', 'URX'],
    details: 'upstream_reset_before_response_started{connection_failure}',
    transportFailure: 'delayed connect error: 111',
    route: 'default',
  });
});

test.each([
  ' "spiffe://cluster.local/ns/default/sa/client"',
  ' spiffe://cluster.local/ns/default/sa/client',
  ' "spiffe://cluster.local/ns/default/sa/client,spiffe://other/ns/a/sa/b"',
])('an appended SPIFFE identity is read: %s', (suffix) => {
  expect(parseAccessLog(TCP_INBOUND + suffix)?.peer).toBe('spiffe://cluster.local/ns/default/sa/client');
});

test('an identity that a client writes into its own headers is not taken for its certificate', () => {
  const forged = HTTP_OUTBOUND.replace('curl/8.0', 'spiffe://cluster.local/ns/a/sa/admin');
  expect(parseAccessLog(forged)?.peer).toBeUndefined();
});

test('an identity in a header that imitates the rest of the line is not taken for its certificate', () => {
  const rest = '"-" "a" "b" "1.1.1.1:1" inbound|80|| - - - - default spiffe://cluster.local/ns/a/sa/admin';
  for (const end of ['', ' "', ' "x'])
    expect(parseAccessLog(HTTP_OUTBOUND.replace('curl/8.0', `x" ${rest.slice(4)}${end}`))?.peer).toBeUndefined();
});

test('a further field that is no identity is ignored', () => {
  expect(parseAccessLog(`${TCP_INBOUND} -`)).toEqual(parseAccessLog(TCP_INBOUND));
  expect(parseAccessLog(`${TCP_INBOUND} "-"\n`)).toEqual(parseAccessLog(TCP_INBOUND));
});

test.each([
  '',
  'x',
  OLD_CLIENT.slice(1),
  `${OLD_CLIENT} "more"`,
  TCP_INBOUND.slice(0, 120),
  '{"status":200}',
  '[2026] "GET / HTTP/1.1" 200',
  'x'.repeat(70_000),
])('another format is left raw: %#', (line) => expect(parseAccessLog(line)).toBeUndefined());

test('any line is read or left raw, in bounded time', () => {
  const before = Date.now();
  fc.assert(
    fc.property(hostileText(OLD_CLIENT, TCP_INBOUND, HTTP_OUTBOUND, `${TCP_INBOUND} ${'a '.repeat(2000)}`), (line) => {
      const read = parseAccessLog(line);
      if (read) expect(Number.isFinite(read.duration)).toBe(true);
    }),
    RUNS,
  );
  expect(Date.now() - before).toBeLessThan(20_000);
});

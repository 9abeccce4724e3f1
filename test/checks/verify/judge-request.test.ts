import type { Result } from '../../../src/checks/check.ts';
import { judgeRequest } from '../../../src/checks/verify/judge-request.ts';
import type { LogSide, RequestSeen } from '../../../src/checks/verify/request-seen.ts';
import { judgeTelemetry } from '../../../src/checks/verify/telemetry.ts';
import { type AccessEntry, accessEntry } from '../../../src/mesh/access-entry.ts';

const ID = '45dd6431-49cf-9bcf-b611-1d319c56eb2e';
const http = (status: string, where: string): string =>
  `[2026-11-30T16:28:24.640Z] "GET / HTTP/1.1" ${status} - "-" 0 2 6 5 "-" "curl/7.88.1" "${ID}" "web.vm.svc.cluster.local:8080" ${where} default`;
const OUT = '"10.0.0.6:8080" outbound|8080||web.vm.svc.cluster.local 10.4.0.9:40000 10.63.0.1:8080 10.4.0.9:39000 -';
const inbound = (sni: string, upstream = '10.0.0.6:8080'): string =>
  `"${upstream}" inbound|8080|| 127.0.0.6:41000 10.0.0.6:8080 10.4.0.9:40000 ${sni}`;
const SNI = 'outbound_.8080_._.web.vm.svc.cluster.local';
const OK = '200 - via_upstream';

const entry = (source: string, raw: string, role?: AccessEntry['role']): AccessEntry => {
  const found = accessEntry(raw, { source, ...(role && { role }) });
  if (!found) throw new Error(`no entry: ${raw}`);
  return found;
};
const side = (name: string, role: LogSide['role'], logging: LogSide['logging'] = 'on'): LogSide => ({
  name,
  role,
  logging,
});
const client = entry('pod', http(OK, OUT), 'client');
const server = entry('vm', http(OK, inbound(SNI)));
const answer = (
  status: number,
  headers: Readonly<Record<string, string>> = { server: 'envoy' },
): RequestSeen['reply'] => {
  return { line: `HTTP/1.1 ${status}`, status, headers: Object.entries(headers), body: 'ok' };
};

const SEEN: RequestSeen = {
  client: { kind: 'pod', name: 'Pod web/client-1' },
  request: { method: 'GET', url: 'http://web.vm.svc.cluster.local:8080/', headers: [], limitMs: 1000 },
  reply: answer(200)!,
  entries: [client, server],
  sides: [side('pod', 'client'), side('vm', 'server')],
  counted: [],
  counters: [],
  expected: { endpoints: ['10.0.0.6:8080'], authorities: ['web.vm.svc.cluster.local:8080'], meeting: 'mutual-tls' },
};
const judged = (change: Partial<RequestSeen>): readonly Result[] => judgeRequest({ ...SEEN, ...change });
const of = (id: string, change: Partial<RequestSeen>): Result | undefined =>
  judged(change).find((each) => each.id === id);

test('a request through both proxies holds in every verdict, in a stable order', () => {
  expect(judged({}).map(({ id, ok }) => [id, ok])).toEqual([
    ['request-answered', true],
    ['through-proxies', true],
    ['mutual-tls-seen', true],
    ['log-lines', true],
    ['registered-endpoint', true],
    ['service-authority', true],
    ['own-delivery', true],
    ['proxy-errors', true],
  ]);
});

const plain = entry('vm', http(OK, inbound('-')));
const withPeer = entry('vm', `${http(OK, inbound(SNI))} spiffe://cluster.local/ns/web/sa/client`);
const counter = (policy: string, reporter = 'destination'): RequestSeen['counters'] => [
  { name: 'istio_requests_total', labels: { reporter, connection_security_policy: policy }, value: 1 },
];

test.each<readonly [string, Partial<RequestSeen>, boolean | 'skipped', string]>([
  [
    'the identity in the log',
    { entries: [withPeer] },
    true,
    "client's identity spiffe://cluster.local/ns/web/sa/client",
  ],
  ['the TLS name of a mesh client', { entries: [server] }, true, 'ended the TLS of a mesh client'],
  [
    'a counter of Istio',
    { entries: [], counters: counter('mutual_tls') },
    true,
    'connection_security_policy mutual_tls',
  ],
  [
    'a counter before the log',
    { entries: [server], counters: counter('none') },
    false,
    'policies prescribe mutual-tls',
  ],
  ['plaintext against the policies', { entries: [plain] }, false, 'no TLS server name'],
  ['plaintext by the policies', { entries: [plain], expected: { meeting: 'plaintext' } }, true, 'no mutual TLS'],
  ['plaintext without known policies', { entries: [plain], expected: {} }, false, 'no mutual TLS'],
  [
    'plaintext from outside',
    { entries: [plain], expected: {}, client: { kind: 'here', name: 'this machine' } },
    true,
    'no mutual TLS',
  ],
  ['a counter of the client alone', { entries: [], counters: counter('unknown', 'source') }, 'skipped', 'not seen'],
  [
    'a log that is off',
    { entries: [], sides: [side('vm', 'server', 'off')] },
    'skipped',
    'access logging of vm is off',
  ],
  [
    'a log that cannot be read',
    { entries: [], sides: [side('vm', 'server', { unread: 'no sudo' })] },
    'skipped',
    'vm: no sudo',
  ],
  [
    'no server that is watched',
    { entries: [client], sides: [side('pod', 'client')] },
    'skipped',
    'only the log of the client',
  ],
])('mutual TLS: %s', (_, change, ok, part) => {
  expect(of('mutual-tls-seen', change)).toMatchObject({ ok, detail: expect.stringContaining(part) });
});

test.each<readonly [string, Partial<RequestSeen>, boolean | 'skipped', string]>([
  ['both sides', {}, true, `joined by request id ${ID}`],
  ['one of two, with logging on', { entries: [client] }, false, 'vm has no line of it'],
  [
    'one of two, with logging off',
    { entries: [client], sides: [side('pod', 'client'), side('vm', 'server', 'off')] },
    'skipped',
    'access logging of vm is off',
  ],
  [
    'the only one that is read',
    { entries: [client], sides: [side('pod', 'client')] },
    'skipped',
    'the log of the other side was not read',
  ],
  [
    'a client without a proxy',
    { entries: [server], client: { kind: 'here', name: 'this machine' }, sides: [side('vm', 'server')] },
    true,
    'the client has no proxy',
  ],
  ['none, with logging on', { entries: [] }, false, 'it did not pass there'],
  [
    'none, of a request that failed',
    { entries: [], reply: { failure: 'cut-off', detail: 'reset' } },
    'skipped',
    'no line',
  ],
  ['no proxy with a log', { entries: [], sides: [] }, 'skipped', 'no proxy on the way'],
])('log lines: %s', (_, change, ok, part) => {
  expect(of('log-lines', change)).toMatchObject({ ok, detail: expect.stringContaining(part) });
});

test('only the server’s proxy answered: the client is not captured', () => {
  const change = {
    entries: [server],
    reply: answer(200, { server: 'istio-envoy' })!,
    client: { kind: 'vm', name: 'VM a' },
  } as const;
  expect(of('through-proxies', change)).toMatchObject({
    ok: false,
    detail: expect.stringContaining("only the server's proxy answered"),
  });
});

test('an endpoint, a name and a delivery that do not belong to the service are named', () => {
  const away = OUT.replace('10.0.0.6:8080', '10.9.9.9:8080');
  const entries = [entry('pod', http(OK, away), 'client'), entry('vm', http(OK, inbound(SNI, '10.8.8.8:80')))];
  expect(of('registered-endpoint', { entries })).toMatchObject({
    ok: false,
    detail: '10.9.9.9:8080 is not among 10.0.0.6:8080',
  });
  expect(of('own-delivery', { entries })).toMatchObject({ ok: false });
  const expected = { ...SEEN.expected, authorities: ['other:80'] };
  expect(of('service-authority', { expected })).toMatchObject({ ok: false, severity: 'note' });
  const loopback = [entry('vm', http(OK, inbound(SNI, '127.0.0.1:8080')))];
  expect(of('own-delivery', { entries: loopback })).toMatchObject({ ok: true });
});

const failed = (line: string, status = 503): Partial<RequestSeen> => ({
  reply: answer(status)!,
  entries: [entry('pod', line, 'client')],
});
const NONE = OUT.replace('"10.0.0.6:8080"', '"-"');
test.each<readonly [string, Partial<RequestSeen>, string]>([
  ['no endpoint', failed(http('503 UH no_healthy_upstream', NONE)), "the client's proxy"],
  ['no connection', failed(http('503 UF upstream_reset', OUT)), 'the network to 10.0.0.6:8080'],
  [
    'nothing listens',
    failed(http('503 UF upstream_reset', inbound(SNI))),
    'the application: nothing accepts connections',
  ],
  [
    'the application itself',
    failed(http('500 - via_upstream', inbound(SNI)), 500),
    'the application at 10.0.0.6:8080 answered 500',
  ],
  [
    'a denied client',
    failed(http('503 - rbac_access_denied_matched_policy[none]', inbound(SNI))),
    'AuthorizationPolicy',
  ],
  ['a name', { reply: { failure: 'no-address', detail: 'x' }, entries: [] }, 'cannot resolve it'],
])('the hop that failed is named: %s', (_, change, part) => {
  expect(of('failing-hop', change)).toMatchObject({ ok: false, detail: expect.stringContaining(part) });
});

test.each(['refused', 'hangs'] as const)(
  'a client for whom the policies prescribe "%s" must not be answered',
  (meeting) => {
    const expected = { ...SEEN.expected, meeting };
    expect(judged({ expected })).toMatchObject([{ id: 'request-answered', ok: false }]);
    const reply = { failure: 'cut-off', detail: 'read ECONNRESET' } as const;
    expect(judged({ expected, reply })).toMatchObject([{ id: 'request-answered', ok: true }]);
    const closed = { failure: 'refused', detail: 'connect ECONNREFUSED' } as const;
    expect(judged({ expected, reply: closed })).toMatchObject([{ id: 'request-answered', ok: 'skipped' }]);
  },
);

test('telemetry asks for counters of Envoy and of Istio, and is skipped without a service', () => {
  const counted = [
    { proxy: 'vm', cluster: 'inbound|3306||', endpoint: '10.0.0.5:3306', connections: 1, requests: 0, failed: 0 },
  ];
  const labels = {
    reporter: 'destination',
    destination_workload: 'db1',
    destination_service: 'mysqldb.vm.svc.cluster.local',
  };
  const counters = [{ name: 'istio_tcp_connections_opened_total', labels, value: 1 }];
  const results = judgeTelemetry({ ...SEEN, counted, counters });
  expect(results.map(({ id, ok }) => [id, ok])).toEqual([
    ['request-answered', true],
    ['proxy-counters', true],
    ['istio-counters', true],
    ['log-lines', true],
  ]);
  expect(results[2]?.detail).toContain('istio_tcp_connections_opened_total of workload db1');
  expect(judgeTelemetry(SEEN).map(({ ok }) => ok)).toEqual([true, false, 'skipped', true]);
  expect(new Set(judgeTelemetry(undefined).map(({ ok }) => ok))).toEqual(new Set(['skipped']));
});

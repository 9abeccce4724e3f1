import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { formatRecord } from '../../src/vm/membership-record.ts';
import { PLACES } from '../../src/vm/places.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { healthyMesh } from '../support/healthy-mesh.ts';
import { runCli } from '../support/run-cli.ts';
import { playedVm } from '../support/played-vm.ts';
import type { SshServer } from '../support/ssh-server.ts';

const { home, program, serve } = playedVm();
const log = join(home, 'vm/var/log/istio/istio.log');
const ID = '45dd6431-49cf-9bcf-b611-1d319c56eb2e';
const URL = 'http://etcd.vm.svc.cluster.local:2379/v2/keys/istioTest';

/** Envoy's admin pages, and requests: each is answered from files, and counters grow by the request. */
const CURL = `case "$*" in
  *'-K -'*) cat >'${home}/sent'; touch '${home}/asked'; cat '${home}/added' >>'${log}'; cat '${home}/answer'; cat '${home}/said' >&2; exit "$(cat '${home}/code')" ;;
  *listeners*) cat '${home}/listeners' ;;
  *format=json*) if test -e '${home}/asked'; then cat '${home}/after'; else cat '${home}/before'; fi ;;
  *prometheus*) if test -e '${home}/asked'; then cat '${home}/stats-after'; else echo 'envoy_server_live 1'; fi ;;
  *reopen_logs*) echo OK ;;
esac`;

const host = (port: number, counters: object): object => ({
  address: { socket_address: { address: '10.150.0.5', port_value: port } },
  stats: Object.entries(counters).map(([name, value]) => ({ name, value: String(value), type: 'COUNTER' })),
});
const clusters = (requests: number, port = 2379): string =>
  JSON.stringify({
    cluster_statuses: [
      {
        name: 'outbound|2379||etcd.vm.svc.cluster.local',
        host_statuses: [host(2379, { cx_total: requests, rq_total: requests })],
      },
      { name: `inbound|${port}||`, host_statuses: [host(2379, { cx_total: 1, rq_total: requests })] },
      { name: 'xds-grpc', host_statuses: [host(15012, { rq_total: requests })] },
    ],
  });

const LINE = `"PUT /v2/keys/istioTest HTTP/1.1"`;
const OUT = `[2026-11-30T16:28:24.640Z] ${LINE} 201 - via_upstream - "-" 40 119 6 5 "-" "curl/7.88.1" "${ID}" "etcd.vm.svc.cluster.local:2379" "10.150.0.5:2379" outbound|2379||etcd.vm.svc.cluster.local 10.150.0.5:40000 10.63.248.1:2379 10.150.0.5:39000 - default`;
const IN = `[2026-11-30T16:28:24.640Z] ${LINE} 201 - via_upstream - "-" 40 119 4 1 "-" "curl/7.88.1" "${ID}" "etcd.vm.svc.cluster.local:2379" "10.150.0.5:2379" inbound|2379|| 127.0.0.6:41000 10.150.0.5:2379 10.150.0.5:40000 outbound_.2379_._.etcd.vm.svc.cluster.local default`;
const BODY = '{"action":"set","node":{"key":"/istioTest","value":"Hello"}}';
const ANSWER = [
  'HTTP/1.1 201 Created',
  'content-type: application/json',
  'x-etcd-index: 14',
  'server: envoy',
  'x-envoy-upstream-service-time: 1',
  '',
  BODY,
].join('\r\n');

let ssh: SshServer;
let options: readonly string[];

beforeAll(async () => {
  program('runuser', 'shift 3; exec "$@"');
  ssh = await serve();
  options = [
    ...['--user', 'deploy', '--port', String(ssh.port), '--accept-new-host-key', '--ssh-config', join(home, 'config')],
    ...['-i', join(home, '.ssh/id_ed25519')],
  ];
});
afterAll(async () => await ssh.close());

interface Scene {
  readonly answer?: string;
  readonly said?: string;
  readonly code?: number;
  readonly added?: readonly string[];
  readonly listeners?: string;
  readonly stats?: string;
  readonly port?: number;
}

function arrange({
  answer = ANSWER,
  said = '',
  code = 0,
  added = [OUT, IN],
  listeners = LOGGING,
  stats = '',
  port,
}: Scene): void {
  program('curl', CURL);
  const ends = 'ends 10.63.248.1 2379 10.150.0.5 39000 0.006000\n';
  const files = {
    ...{
      answer,
      said: said || ends,
      code: String(code),
      listeners,
      before: clusters(7, port),
      after: clusters(8, port),
    },
    ...{ added: added.map((line) => `${line}\n`).join(''), 'stats-after': `envoy_server_live 1\n${stats}` },
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text);
  writeFileSync(log, '');
}

const LOGGING = '{"access_log": [{"name": "envoy.access_loggers.file"}]}';
const put = ['-X', 'PUT', '-d', 'value=Hello', '-H', `x-request-id: ${ID}`];

async function verify(scene: Scene, words: readonly string[], from = ['--from', '127.0.0.1', '--vm', '127.0.0.1']) {
  arrange(scene);
  rmSync(join(home, 'asked'), { force: true });
  return await runCli(['verify', URL, ...put, ...from, ...words, ...options], { home });
}

const steady = (text: string): string =>
  text.replace(/\(\d+\.\d s\)/, '(0.1 s)').replace(/^( *"?ms"?: )\d+(,?)$/m, '$10$2');

interface Document {
  readonly verified: boolean;
  readonly groups: readonly {
    readonly verdicts: readonly { readonly id: string; readonly outcome: string; readonly detail: string }[];
  }[];
}
const verdict = (stdout: string, id: string) =>
  (JSON.parse(stdout) as Document).groups[0]?.verdicts.find((each) => each.id === id);

test.each(['text', 'json', 'yaml'])(
  'both sides of a request from a VM to its own service are one picture, as %s',
  async (format) => {
    const ran = await verify({}, ['--expect-status', '201', '--expect-body', BODY, '-o', format]);
    expect(ran.exitCode).toBe(0);
    expectGolden(`cli/verify/url.${format === 'text' ? 'txt' : format}`, steady(ran.stdout));
  },
);

test('the request is sent by curl with its body and an id, and nothing of it is in an argument', async () => {
  await verify({}, ['-H', 'authorization: Bearer of-a-secret', '-o', 'json']);
  const sent = readFileSync(join(home, 'sent'), 'utf8');
  expect(sent).toContain('request = "PUT"\n');
  expect(sent).toContain('data-raw = "value=Hello"\n');
  expect(sent).toContain('header = "authorization: Bearer of-a-secret"\n');
  expect(sent).toContain(`header = "x-request-id: ${ID}"\n`);
});

test('access logging that is off is said, and is not taken for missing traffic', async () => {
  const { exitCode, stdout } = await verify({ listeners: '{"configs": []}', added: [] }, ['-o', 'json']);
  expect(exitCode).toBe(0);
  expect(verdict(stdout, 'log-lines')).toMatchObject({
    outcome: 'skipped',
    detail: 'access logging of 127.0.0.1 is off',
  });
  expect(verdict(stdout, 'through-proxies')).toMatchObject({ outcome: 'ok' });
  expect(verdict(stdout, 'mutual-tls-seen')).toMatchObject({ outcome: 'skipped' });
});

test('with access logging on, a request without a line did not pass the sidecar', async () => {
  const { exitCode, stdout } = await verify({ added: [] }, ['-o', 'json']);
  expect(exitCode).toBe(4);
  expect(verdict(stdout, 'log-lines')).toMatchObject({ outcome: 'error' });
});

test("the security policy of Istio's counters decides about mutual TLS, when there are any", async () => {
  const labels =
    'reporter="destination",source_principal="spiffe://cluster.local/ns/web/sa/a",connection_security_policy="mutual_tls"';
  const stats = `istio_requests_total{${labels}} 1\n`;
  const { stdout } = await verify({ stats }, ['-o', 'json']);
  expect(verdict(stdout, 'mutual-tls-seen')).toMatchObject({
    outcome: 'ok',
    detail:
      'mutual TLS: istio_requests_total has connection_security_policy mutual_tls, client spiffe://cluster.local/ns/web/sa/a',
  });
});

test.each([
  ['a name without an address', 6, '(6) Could not resolve host: etcd', 'the name does not resolve'],
  [
    'a refused connection',
    7,
    '(7) Failed to connect to etcd port 2379: Connection refused',
    'the connection was refused',
  ],
  ['no route', 7, '(7) Failed to connect to etcd port 2379: No route to host', 'the address cannot be reached'],
  ['a timeout', 28, '(28) Connection timed out after 10001 milliseconds', 'no answer came in time'],
  ['an empty reply', 52, '(52) Empty reply from server', 'the connection was cut off before an answer'],
])('%s is recognized', async (_, code, said, part) => {
  const { exitCode, stdout } = await verify({ answer: '', code, said: `curl: ${said}\n`, added: [], listeners: '{}' }, [
    '-o',
    'json',
  ]);
  expect(exitCode).toBe(4);
  expect(verdict(stdout, 'request-answered')?.detail).toContain(part);
});

test('a response flag is explained, and the hop that failed is named', async () => {
  const failed = OUT.replace('201 - via_upstream', '503 UF upstream_reset_before_response_started');
  const answer = 'HTTP/1.1 503 Service Unavailable\r\nserver: envoy\r\n\r\n';
  const { exitCode, stdout } = await verify({ answer, added: [failed] }, ['-o', 'json'], ['--from', '127.0.0.1']);
  expect(exitCode).toBe(4);
  expect(verdict(stdout, 'proxy-errors')?.detail).toContain('UF: the connection to the server failed');
  expect(verdict(stdout, 'failing-hop')?.detail).toContain('network');
});

let server: Server;
const seen: { method: string; type: string; body: string; host: string }[] = [];
const PAGE = '<html><head><title>Simple Bookstore App</title></head></html>';

beforeAll(async () => {
  const answer = (request: IncomingMessage, body: string): string => {
    const { method = '', headers } = request;
    seen.push({ method, type: headers['content-type'] ?? '', body, host: headers.host ?? '' });
    return PAGE;
  };
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const page = answer(request, body);
      response.writeHead(201, { 'content-type': 'text/html', server: 'istio-envoy', 'x-etcd-index': '14' }).end(page);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

const local = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/keys/message`;

test('a request from this machine sends its body as a form, and its answer is compared with a status and a title', async () => {
  const words = ['-X', 'PUT', '-d', 'value=Hello world', '-H', 'host: shop.example', '--expect-status', '201'];
  const ran = await runCli(['verify', local(), ...words, '--expect-title', 'Simple Bookstore App', '-o', 'json']);
  expect(ran.exitCode).toBe(0);
  expect(seen.at(-1)).toEqual({
    ...{ method: 'PUT', type: 'application/x-www-form-urlencoded', body: 'value=Hello world', host: 'shop.example' },
  });
  expect(verdict(ran.stdout, 'through-proxies')).toMatchObject({ outcome: 'ok' });
  expect(verdict(ran.stdout, 'log-lines')).toMatchObject({ outcome: 'skipped' });
});

test.each([
  ['--expect-status', '200', 'expected-status'],
  ['--expect-body', '{"a": 1}', 'expected-body'],
  ['--expect-title', 'Another', 'expected-title'],
])('another answer than %s %s is a failure', async (option, value, id) => {
  const ran = await runCli(['verify', local(), option, value, '-o', 'json']);
  expect(ran.exitCode).toBe(4);
  expect(verdict(ran.stdout, id)).toMatchObject({ outcome: 'error' });
});

test('nothing that listens is a refused connection', async () => {
  const ran = await runCli(['verify', 'http://127.0.0.1:1/', '-o', 'json']);
  expect(ran.exitCode).toBe(4);
  expect(verdict(ran.stdout, 'request-answered')?.detail).toContain('the connection was refused');
});

test.each([
  ['a subject that does not exist', ['verify', 'everything'], 'neither a URL nor one of mesh, vm'],
  ['a service without its name', ['verify', 'service'], 'name the Service'],
  ['a password in a URL', ['verify', 'http://a:b@c/'], 'user name or password'],
  ['a method that is none', ['verify', 'http://c/', '-X', 'get it'], 'is not a method'],
  ['a header that is none', ['verify', 'http://c/', '-H', 'nothing'], 'is not a header field'],
  ['a path without its slash', ['verify', 'gateway', '--path', 'a'], 'does not begin with'],
  ['a selector that is none', ['verify', 'injection', '-l', 'a b'], 'is not a list of labels'],
])('%s is refused', async (_, argv, part) => {
  const ran = await runCli(argv);
  expect([ran.exitCode, ran.stderr]).toEqual([2, expect.stringContaining(part)]);
});

/** The VM of service web, whose port is closed on this machine: no client outside the mesh reaches it. */
const web = healthyMesh({
  change: 'WorkloadEntry vm/web1-10.0.0.6',
  to: 'spec: { address: 127.0.0.1, ports: { http: 1 } }',
});
const ofWeb = (line: string): string =>
  line
    .replaceAll('etcd.vm', 'web.vm')
    .replace('"10.150.0.5:2379"', '"127.0.0.1:1"')
    .replaceAll('2379', '8080')
    .replace('inbound|8080||', 'inbound|1||');

async function ofMesh(words: readonly string[]) {
  await using api = await FakeApiServer.start({ objects: web });
  rmSync(join(home, 'asked'), { force: true });
  return await runCli(['verify', ...words, '--kubeconfig', api.kubeconfig(), ...options], { home });
}

test.each(['text', 'json', 'yaml'])('a service is verified by every way that there is, as %s', async (format) => {
  arrange({ added: [ofWeb(OUT), ofWeb(IN)] });
  const ran = await ofMesh([...['service', 'web', '-n', 'vm', '--vm', '127.0.0.1', ...put], '-o', format]);
  expect(ran.exitCode).toBe(0);
  expectGolden(`cli/verify/service.${format === 'text' ? 'txt' : format}`, steady(ran.stdout));
});

/** The VM of service web says who it is, and counts a request. */
function arrangeTelemetry(address = '10.0.0.6'): void {
  const record = {
    generation: 'current',
    namespace: 'vm',
    group: 'web1',
    serviceAccount: 'web1',
    address,
  } as const;
  const file = join(home, 'vm', PLACES.membership);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, formatRecord({ ...record, options: {} }));
  const labels = 'reporter="destination",destination_workload="web1",connection_security_policy="mutual_tls"';
  // The request gets an id that no test knows before, so its lines are not looked for.
  arrange({ port: 8080, listeners: '{}', added: [], stats: `istio_requests_total{${labels}} 1\n` });
}

test('the telemetry of a VM shows a request to its service, and the labels that Kiali groups by', async () => {
  arrangeTelemetry();
  const ran = await ofMesh(['telemetry', '127.0.0.1', '-o', 'json']);
  const { groups } = JSON.parse(ran.stdout) as Document;
  expect(groups.map(({ verdicts }) => verdicts.map(({ id, outcome }) => [id, outcome]))).toEqual([
    [['kiali-labels', 'ok']],
    [
      ['request-answered', 'ok'],
      ['proxy-counters', 'ok'],
      ['istio-counters', 'ok'],
      ['log-lines', 'skipped'],
    ],
    [
      ['prometheus-series', 'skipped'],
      ['prometheus-growth', 'skipped'],
    ],
  ]);
  expect(groups.at(-1)?.verdicts[0]?.detail).toContain('there is no Service istio-system/prometheus');
  expect(ran.exitCode).toBe(0);
});

test.each(['text', 'json', 'yaml'])('the telemetry of a VM is shown as %s', async (format) => {
  arrangeTelemetry();
  const ran = await ofMesh(['telemetry', '127.0.0.1', '-o', format]);
  expectGolden(`cli/verify/telemetry.${format === 'text' ? 'txt' : format}`, steady(ran.stdout));
  expect(ran.exitCode).toBe(0);
});

/** Without the port and the folders of this run, whose lengths decide where YAML folds a line. */
const placed = (text: string, format: string): string =>
  (format === 'yaml' ? unfolded(steady(text)) : steady(text))
    .replaceAll(home, 'HOME')
    .replace(/[^\s"]*\/kubeconfig-[^\s"]*/g, 'KUBECONFIG')
    .replace(/--port \d+/g, '--port PORT');

const unfolded = (yaml: string): string =>
  yaml.replace(/"(?:[^"\\]|\\[^])*"/g, (quoted) => quoted.replace(/\s*\n\s+/g, ' '));

test('a VM whose sidecar answers nothing is shown in each format, and its hints name it', async () => {
  arrangeTelemetry('127.0.0.1');
  program('getent', 'case $2 in *.svc*) echo "10.63.248.9 STREAM $2" ;; esac');
  program('systemctl', 'echo ActiveState=failed');
  program('ss', ':');
  program('curl', 'exit 7');
  program('openssl', 'exit 1');
  const shown = ['text', 'json', 'yaml'].map(async (format) => {
    const ran = await ofMesh(['vm', '127.0.0.1', '-n', 'vm', '-o', format]);
    expect(ran.exitCode).toBe(4);
    expect(ran.stdout).toContain('meshx setup-vm 127.0.0.1');
    expectGolden(`cli/verify/vm.${format === 'text' ? 'txt' : format}`, placed(ran.stdout, format));
  });
  await Promise.all(shown);
}, 60_000);

/** What a Prometheus answers to its queries, one after another; the last answer stays. */
async function ofPrometheus(answers: readonly object[], words: readonly string[] = []) {
  arrangeTelemetry();
  const queries: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    queries.push(new globalThis.URL(url, 'http://localhost').searchParams.get('query') ?? '');
    response.end(JSON.stringify(answers[Math.min(queries.length, answers.length) - 1]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const place = ['--prometheus', `http://127.0.0.1:${port}/`];
  const ran = await ofMesh(['telemetry', '127.0.0.1', '-o', 'json', ...place, ...words]);
  await new Promise((resolve) => server.close(resolve));
  const verdicts = (JSON.parse(ran.stdout) as Document).groups.at(-1)?.verdicts ?? [];
  return { queries, verdicts: verdicts.map(({ outcome, detail }) => `${outcome}: ${detail}`), exitCode: ran.exitCode };
}
const samples = (...values: readonly (readonly [object, string])[]): object => ({
  status: 'success',
  data: { resultType: 'vector', result: values.map(([metric, value]) => ({ metric, value: [1796083200, value] })) },
});
const counted = (value: string): object =>
  samples([{ __name__: 'istio_requests_total', reporter: 'destination' }, value]);

test('Prometheus is asked for the counters of the workload, again until they have grown', async () => {
  const seen = await ofPrometheus([counted('7'), counted('7'), counted('8')], ['--wait', '--timeout', '20']);
  expect(seen.verdicts).toEqual(['ok: istio_requests_total of reporter destination: 8', 'ok: 7 before, 8 after']);
  expect(new Set(seen.queries)).toEqual(
    new Set([
      'sum by (__name__, reporter) ({__name__=~"istio_requests_total|istio_tcp_connections_opened_total",destination_workload="web1",destination_workload_namespace="vm"})',
    ]),
  );
  expect(seen.exitCode).toBe(0);
});

test.each<readonly [string, readonly object[], readonly string[], number]>([
  ['does not scrape the VM', [samples()], ['error: it scrapes nothing of the VM', 'skipped: there are none'], 4],
  [
    'gets no answer from the VM',
    [samples(), samples(), samples([{ instance: '10.0.0.6:15090' }, '0'])],
    ['error: it gets no answer from 10.0.0.6:15090', 'skipped: there are none'],
    4,
  ],
  [
    'has only scraped before the requests',
    [counted('7')],
    [
      'ok: istio_requests_total of reporter destination: 7',
      'skipped: 7 before, 7 after; Prometheus scrapes now and then: wait for it with --wait',
    ],
    0,
  ],
  [
    'refuses the query',
    [{ status: 'error', error: 'too many samples' }],
    [
      expect.stringMatching(/^skipped: http:\S+ answers 200: too many samples$/),
      expect.stringContaining('too many samples'),
    ],
    0,
  ],
])('a Prometheus that %s is said', async (_, answers, verdicts, exitCode) => {
  expect(await ofPrometheus(answers)).toMatchObject({ verdicts, exitCode });
});

test('the telemetry of a machine that is not a VM of the cluster is a Problem', async () => {
  rmSync(join(home, 'vm', PLACES.membership), { force: true });
  arrange({});
  const ran = await ofMesh(['telemetry', '127.0.0.1', '-n', 'vm']);
  expect([ran.exitCode, ran.stderr]).toEqual([1, expect.stringContaining('is not a VM of')]);
});

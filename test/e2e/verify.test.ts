import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { startInjector } from '../lab/injector.ts';
import { Kubelet } from '../lab/kubelet.ts';
import { Lab } from '../lab/lab.ts';
import { must } from '../lab/command.ts';
import { address } from '../lab/network.ts';
import { sshArgv } from '../lab/operator.ts';
import { expectDone } from './support/done.ts';
import { bookinfoSample } from './support/istio-samples.ts';
import { startPrometheus } from './support/prometheus.ts';
import { seedRatings } from './support/ratings.ts';
import { startStoreClient } from './support/store-client.ts';

let lab: Lab;
let kubelet: Kubelet;
const VM = 'stored';
const IP = '10.150.0.58';
const GATEWAY = '10.150.0.30';
const NODE_PORT = 32_012;
const ETCD = `[Service]
User=nobody
ExecStart=/usr/local/bin/etcd --enable-v2 --data-dir /tmp/etcd --advertise-client-urls http://${IP}:2379 --listen-client-urls http://0.0.0.0:2379
`;
const APP = { name: 'app', ip: '10.150.0.29', namespace: 'verified', port: 8080, nodePort: 32_380 };
const PRODUCTPAGE = { name: 'productpage', ip: '10.150.0.31', namespace: 'bookinfo', port: 9080, nodePort: 32_390 };
const STORE = 'http://etcd.verified.svc.cluster.local:2379';
const PAGE = 'http://productpage.bookinfo.svc.cluster.local:9080';

/** The ingress gateway of the store. What is labelled with the lab's own gateway goes with it. */
async function openGateway(): Promise<void> {
  await lab.gateway(GATEWAY);
  const labels = { 'lab.meshx.test/member': 'gateway' };
  const selector = { istio: 'eastwestgateway' };
  const system = { name: 'istio-ingressgateway', namespace: 'istio-system' };
  const networking = 'networking.istio.io/v1';
  const server = { port: { number: 8080, name: 'http', protocol: 'HTTP' }, hosts: ['*'] };
  const route = [{ destination: { host: 'etcd', port: { number: 2379 } } }];
  const toApp = {
    match: [{ uri: { exact: '/' } }, { uri: { prefix: '/storage' } }],
    route: [{ destination: { host: 'app', port: { number: 8080 } } }],
  };
  await lab.mesh.apply([
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { ...system, labels } },
      spec: { type: 'LoadBalancer', selector, ports: [{ name: 'http2', port: 8080 }] },
    },
    {
      ...{ apiVersion: networking, kind: 'Gateway', metadata: { name: 'store', namespace: 'verified', labels } },
      spec: { selector, servers: [server] },
    },
    {
      ...{ apiVersion: networking, kind: 'VirtualService', metadata: { name: 'store', namespace: 'verified', labels } },
      spec: { hosts: ['*'], gateways: ['store'], http: [{ match: [{ uri: { prefix: '/v2/' } }], route }, toApp] },
    },
  ]);
  await lab.mesh.patchStatus('service', system, { loadBalancer: { ingress: [{ ip: GATEWAY }] } });
}

async function makeStore(): Promise<void> {
  await lab.vm(VM, IP);
  await must(['sh', '-c', 'exec "$@" </usr/bin/etcd', 'sh', ...sshArgv(lab.names, VM, ['cat >/usr/local/bin/etcd'])]);
  await lab.mustSsh(VM, 'chmod 755 /usr/local/bin/etcd; cat >/etc/systemd/system/store.service', { input: ETCD });
  await lab.mustSsh(VM, 'systemctl start store mariadb');
  const place = ['-n', 'verified', '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'];
  const services = [
    '--service',
    'etcd:http:2379',
    '--service',
    'mysqldb:3306',
    '--package',
    lab.deb,
    '--accept-risk',
    'outside-client-hangs',
  ];
  expectDone(await lab.meshx(['up', VM, ...place, ...services]));
  const spec = { type: 'NodePort', ports: [{ port: 2379, nodePort: NODE_PORT, protocol: 'TCP' }] };
  await lab.kubectl(['-n', 'verified', 'patch', 'service', 'etcd', '-p', JSON.stringify({ spec })]);
}

beforeAll(async () => {
  lab = await Lab.attach();
  await lab.mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'verified' } }]);
  kubelet = await Kubelet.start(lab);
  await Promise.all([
    ...[makeStore(), openGateway(), lab.pod('caller', '10.150.0.28', { namespace: 'verified' })],
    startStoreClient(lab, { ...APP, store: STORE }),
    startStoreClient(lab, { ...PRODUCTPAGE, store: STORE }),
  ]);
  const program = fileURLToPath(new URL('../lab/programs/node-ports.mjs', import.meta.url));
  const forwards = [`${NODE_PORT}=${IP}:2379`, `${APP.nodePort}=${APP.ip}:8080`];
  const argv = [process.execPath, program, address.hub, ...forwards];
  await lab.processes.start('node-port', { argv, namespace: lab.names.hub });
}, 240_000);

afterAll(async () => {
  await lab.processes.kill('node-port');
  await kubelet[Symbol.asyncDispose]();
  await lab.removeMembers();
}, 60_000);

interface Verification {
  readonly verified: boolean;
  readonly groups: readonly {
    readonly title: string;
    readonly verdicts: readonly { readonly id: string; readonly outcome: string; readonly detail: string }[];
    readonly request?: {
      readonly reply?: {
        readonly status: number;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: string;
      };
      readonly lines: readonly (readonly Readonly<Record<string, unknown>>[])[];
    };
  }[];
}

async function verify(...words: readonly string[]): Promise<Verification> {
  const ran = await lab.meshx(['verify', ...words, '-o', 'json']);
  if (![0, 4].includes(ran.exitCode)) expectDone(ran);
  return JSON.parse(ran.stdout) as Verification;
}

const outcomes = (group: Verification['groups'][number] | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries((group?.verdicts ?? []).map(({ id, outcome }) => [id, outcome]));

/** The sources of the lines of one request, which share its id. */
function sourcesOf(group: Verification['groups'][number] | undefined): readonly unknown[] {
  const [lines = []] = group?.request?.lines ?? [];
  expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(1);
  return lines.map(({ source, direction }) => `${String(source)} ${String(direction)}`);
}

test('a request from the VM to its own service is joined from both logs, and mutual TLS is seen', async () => {
  const url = 'http://etcd.verified.svc.cluster.local:2379/v2/keys';
  const report = await verify(url, '--from', VM, '--vm', VM);
  expect(report.verified).toBe(true);
  const [group] = report.groups;
  expect(outcomes(group)).toEqual({
    'request-answered': 'ok',
    'through-proxies': 'ok',
    'mutual-tls-seen': 'ok',
    'log-lines': 'ok',
    'proxy-errors': 'ok',
  });
  expect(sourcesOf(group)).toEqual([`${VM} outbound`, `${VM} inbound`]);
}, 30_000);

test('a write reaches one store directly, by NodePort, through the gateway, from the VM and from a pod', async () => {
  const write = ['--path', '/v2/keys/queue', '-d', 'value=Hello world', '--expect-status', '201'];
  const report = await verify('service', 'etcd', '-n', 'verified', '--from', 'pod:caller', ...write);
  const [registered, ...ways] = report.groups;
  expect(outcomes(registered)).toEqual({ 'endpoint-registered': 'ok', 'own-endpoint': 'ok', 'server-watched': 'ok' });
  expect(ways.map(({ title }) => title.replace(/^port 2379, (\S+ \S+).*/, '$1'))).toEqual([
    ...['directly from', 'by NodePort', 'through the', 'from the', 'from Pod'],
  ]);
  for (const way of ways)
    expect({ [way.title]: outcomes(way) }).toMatchObject({ [way.title]: { 'expected-status': 'ok' } });
  const [direct, nodePort, gateway, vm, pod] = ways;
  for (const way of [direct, nodePort]) {
    expect(way?.request?.reply?.headers).toMatchObject({
      server: 'istio-envoy',
      'x-etcd-cluster-id': expect.any(String),
    });
    expect(sourcesOf(way)).toEqual([`${VM} inbound`]);
  }
  for (const way of [gateway, vm, pod])
    expect(outcomes(way)).toMatchObject({ 'mutual-tls-seen': 'ok', 'registered-endpoint': 'ok' });
  expect(sourcesOf(gateway)).toEqual(['gateway.istio-system outbound', `${VM} inbound`]);
  expect(sourcesOf(vm)).toEqual([`${VM} outbound`, `${VM} inbound`]);
  expect(sourcesOf(pod)).toEqual(['caller.verified outbound', `${VM} inbound`]);
  expect(report.verified).toBe(true);
}, 60_000);

test('a database is verified by its connections, from the VM and from a pod', async () => {
  const report = await verify('service', 'mysqldb', '-n', 'verified');
  for (const from of ['from the VM', 'from Pod verified/']) {
    const way = report.groups.find(({ title }) => title.includes(from));
    expect({ from, ...outcomes(way) }).toMatchObject({
      ...{ from, 'request-answered': 'ok', 'through-proxies': 'ok', 'mutual-tls-seen': 'ok' },
    });
  }
}, 60_000);

const BY_NODE_PORT = `http://${address.hub}:${APP.nodePort}`;
const BY_INGRESS = `http://${GATEWAY}:8080`;

/** The answer to a request to the application in front of the store. */
async function answered(url: string, ...words: readonly string[]) {
  const report = await verify(url, '--vm', VM, ...words);
  const [group] = report.groups;
  expect({ url, ...outcomes(group) }).toMatchObject({ url, 'request-answered': 'ok', 'proxy-errors': 'ok' });
  const reply = group?.request?.reply;
  if (!reply) throw new Error(`${url} has no answer`);
  return { ...reply, store: JSON.parse(/\{"action".*/.exec(reply.body)?.[0] ?? '{}') as StoreAnswer, group };
}

interface StoreAnswer {
  readonly action?: string;
  readonly node?: { readonly key: string; readonly value: string; readonly modifiedIndex: number };
  readonly prevNode?: StoreAnswer['node'];
}

const put = (value: string): readonly string[] => [
  ...['-X', 'PUT', '-H', 'content-type: application/json', '-d', JSON.stringify({ key: 'istioTest', value })],
  ...['--expect-status', '201'],
];

test('an application answers the same content by its NodePort and through the ingress', async () => {
  const ways = await Promise.all(
    [BY_NODE_PORT, BY_INGRESS].map(async (way) => {
      const ran = await lab.meshx(['verify', `${way}/`, '--expect-status', '200', '-o', 'json']);
      return (JSON.parse(ran.stdout) as Verification).groups[0]?.request?.reply;
    }),
  );
  const body = 'Simple test for liveliness of the application!';
  const etag = expect.stringMatching(/^W\/"2e-[\w+/]{27}"$/);
  const headers = { server: 'istio-envoy', 'x-envoy-upstream-service-time': expect.stringMatching(/^\d+$/), etag };
  for (const reply of ways) expect(reply).toMatchObject({ body, headers });
  expect(ways[0]?.headers['etag']).toBe(ways[1]?.headers['etag']);
}, 60_000);

test('values that go in by one way are the former values of the other: both lead to one store behind two sidecars', async () => {
  const chunked = {
    ...{ 'transfer-encoding': 'chunked', server: 'istio-envoy' },
    'x-envoy-upstream-service-time': expect.stringMatching(/^\d+$/),
  };
  await answered(`${BY_INGRESS}/storage`, ...put('by ingress first'));
  const written = await answered(`${BY_NODE_PORT}/storage`, ...put('by NodePort'));
  expect(written).toMatchObject({ status: 201, headers: chunked });
  expect(written.store.node).toMatchObject({ key: '/istioTest', value: 'by NodePort' });
  expect(written.store.prevNode?.value).toBe('by ingress first');
  // The application hands on the request id, so the log of the VM has the second hop.
  expect(sourcesOf(written.group)).toEqual([`${VM} inbound`]);
  const read = await answered(`${BY_NODE_PORT}/storage/istioTest`);
  expect(read).toMatchObject({ status: 200, headers: chunked, store: { action: 'get', node: written.store.node } });

  const next = await answered(`${BY_INGRESS}/storage`, ...put('by ingress'));
  expect(next).toMatchObject({ status: 201, headers: chunked });
  expect(next.store.prevNode).toEqual(written.store.node);
  expect(next.store.node?.modifiedIndex).toBeGreaterThan(written.store.node?.modifiedIndex ?? Infinity);
  const last = await answered(`${BY_INGRESS}/storage/istioTest`);
  expect(last).toMatchObject({ status: 200, headers: chunked, store: { node: next.store.node } });
}, 60_000);

test('the VM, its telemetry, the gateway and the pods are verified, with the address of istiod that the join recorded', async () => {
  const [vm, telemetry, gateway, injection] = [
    await verify('vm', VM, '-n', 'verified'),
    await verify('telemetry', VM, '-n', 'verified'),
    await verify('gateway', '-n', 'verified', '--path', '/v2/keys'),
    await verify('injection', '-n', 'verified', '-l', 'app=caller'),
  ];
  const failures = [vm, telemetry, gateway, injection].map(({ groups }) =>
    groups.flatMap(({ verdicts }) => verdicts.filter(({ outcome }) => outcome === 'error')),
  );
  expect(failures).toEqual([[], [], [], []]);
  expect(outcomes(telemetry.groups[1])).toMatchObject({ 'proxy-counters': 'ok', 'log-lines': 'ok' });
  expect(outcomes(gateway.groups[0])).toMatchObject({ 'unknown-path': 'ok' });
  expectDone(await lab.meshx(['rejoin', VM, '-n', 'verified', '--dry-run']));
  const names = outcomes(vm.groups.find(({ title }) => title === 'names'));
  expect(names).toMatchObject({ 'name-form:etcd': 'ok', 'mesh-name-resolves': 'ok', 'absent-name': 'ok' });
}, 60_000);

test('a short name works for services of the namespace of the VM, and the full name for all', async () => {
  const resolved = async (name: string): Promise<boolean> =>
    (await lab.ssh(VM, `getent ahosts ${name}`, { user: 'nobodyspecial' })).exitCode === 0;
  expect(await resolved('etcd')).toBe(true);
  expect(await resolved('productpage')).toBe(false);
  expect(await resolved('productpage.bookinfo.svc.cluster.local')).toBe(true);
}, 30_000);

test('the page of an application in another namespace is read from the VM', async () => {
  const page = await verify(`${PAGE}/productpage`, '--from', VM, '--expect-title', 'Simple Bookstore App');
  expect(outcomes(page.groups[0])).toMatchObject({ 'request-answered': 'ok', 'expected-title': 'ok' });
  expect(page.groups[0]?.request?.reply?.headers['content-type']).toBe('text/html');
}, 30_000);

test("Istio's own sample is accepted by the cluster and by lint, and its Services are as its manifest says", async () => {
  const file = join(await bookinfoSample(lab), 'platform/kube/bookinfo.yaml');
  await lab.mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sample' } }]);
  const created = await lab.kubectl(['-n', 'sample', 'apply', '-f', file]);
  expect(created.match(/ created$/gm)).toHaveLength(14);
  const services = await lab.kubectl(['-n', 'sample', 'get', 'services', '--no-headers']);
  expect(
    services
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/).filter((_, at) => [0, 1, 3, 4].includes(at))),
  ).toEqual(['details', 'productpage', 'ratings', 'reviews'].map((name) => [name, 'ClusterIP', '<none>', '9080/TCP']));
  expectDone(await lab.meshx(['lint', file]));
  await lab.kubectl(['-n', 'sample', 'delete', '-f', file]);
}, 60_000);

test("the sample's database is loaded from outside the mesh, with capture on", async () => {
  const sql = join(await bookinfoSample(lab), 'src/mysql/mysqldb-init.sql');
  await seedRatings(lab, VM);
  const login = 'mysql -u root --password=password -h 127.0.0.1';
  await lab.mustSsh(VM, `${login} -e 'drop database test'`);
  const served = `require('node:http').createServer((_, answer) => answer.end(${JSON.stringify(await readFile(sql, 'utf8'))})).listen(8099, '${address.hub}')`;
  await lab.processes.start('download', { argv: [process.execPath, '-e', served], namespace: lab.names.hub });
  try {
    const url = 'http://outside.example.test:8099/mysqldb-init.sql';
    const load = `curl -sf --retry 5 --retry-connrefused --max-time 20 ${url} | ${login}`;
    await lab.mustSsh(VM, load, { user: 'nobodyspecial' });
    const select = 'select ReviewID, Rating from ratings order by ReviewID';
    expect(await lab.mustSsh(VM, `${login} -N -B test -e '${select}'`, { user: 'nobodyspecial' })).toBe('1\t5\n2\t4\n');
  } finally {
    await lab.processes.kill('download');
  }
}, 60_000);

test('a new pod of a namespace with the label gets its sidecar from the real injector, and no pod is made', async () => {
  const label = { 'istio-injection': 'enabled' };
  await lab.mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'verified', labels: label } }]);
  await using _injector = await startInjector(lab, { 'kubernetes.io/metadata.name': 'verified' });
  const report = await verify('injection', '-n', 'verified', '-l', 'app=caller');
  const [verdict] = report.groups[0]?.verdicts ?? [];
  expect(verdict).toMatchObject({
    id: 'new-pod-injected',
    outcome: 'ok',
    detail: expect.stringMatching(/proxyv2:.* 2 containers/),
  });
  expect(await lab.kubectl(['-n', 'verified', 'get', 'pods', '-o', 'name'])).not.toContain('injection-trial');
}, 180_000);

test('Prometheus scrapes the VM by the printed jobs, and its series of the VM grow with the load', async () => {
  const port = 19_090;
  const exporter = fileURLToPath(new URL('../lab/programs/istio-exporter.py', import.meta.url));
  await lab.mustSsh(VM, 'cat >/root/exporter.py', { input: await readFile(exporter, 'utf8') });
  await lab.mustSsh(VM, `systemd-run --unit=exporter python3 /root/exporter.py 9100 ${VM} verified`);
  const printed = await lab.meshx(['verify', 'telemetry', '--print-scrape', '-n', 'verified']);
  const jobs = parse(printed.stdout) as { readonly scrape_configs: readonly object[] };
  // The lab's Envoy is not Istio's: its counters get their names of Istio on the way.
  const own = { job_name: 'istio-counters', static_configs: [{ targets: [`${IP}:9100`] }] };
  const config = { global: { scrape_interval: '1s' }, scrape_configs: [...jobs.scrape_configs, own] };
  await using _prometheus = await startPrometheus(lab, port, stringify(config));
  const up = async (): Promise<boolean> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=sum(up)`;
    return (await lab.in('hub', ['curl', '-s', '--max-time', '3', url])).stdout.includes('"3"');
  };
  await lab.waitFor('all targets to answer', up);
  const place = ['-n', 'verified', '--istiod-address', '10.150.0.1', '--prometheus', `http://127.0.0.1:${port}`];
  expectDone(await lab.meshx(['load', `http://${IP}:2379/version`, '--requests', '50']));
  const report = await verify('telemetry', VM, ...place, '--wait', '--timeout', '30');
  const last = report.groups.at(-1);
  expect(outcomes(last)).toEqual({ 'prometheus-series': 'ok', 'prometheus-growth': 'ok' });
  expect(last?.verdicts[0]?.detail).toMatch(/istio_requests_total of reporter destination: \d{2,}/);
}, 90_000);

test('a client outside the mesh that a policy refuses is no failure', async () => {
  const metadata = { name: 'strict', namespace: 'verified' };
  const spec = { mtls: { mode: 'STRICT' } };
  await lab.mesh.apply([{ apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata, spec }]);
  await lab.waitFor('the policy', async () => {
    const asked = await lab.in('hub', ['curl', '-s', '--max-time', '3', `http://${IP}:2379/version`]);
    return asked.exitCode !== 0;
  });
  const report = await verify('service', 'etcd', '-n', 'verified', '--path', '/v2/keys');
  expect(report.groups[1]?.verdicts).toMatchObject([
    { id: 'request-answered', outcome: 'ok', detail: expect.stringContaining('cut off') },
  ]);
  expect(report.verified).toBe(true);
  await lab.kubectl(['-n', 'verified', 'delete', 'peerauthentication', 'strict']);
}, 60_000);

import { Kubelet } from '../lab/kubelet.ts';
import { Lab } from '../lab/lab.ts';
import { must } from '../lab/command.ts';
import { address } from '../lab/network.ts';
import { sshArgv } from '../lab/operator.ts';
import { expectDone } from './support/done.ts';

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
/** Plays kube-proxy: hands connections to the node's port to the VM. */
const NODE_PORTS = `require('node:net').createServer((near) => {
  const far = require('node:net').connect(2379, '${IP}');
  near.pipe(far).pipe(near);
  for (const each of [near, far]) each.on('error', () => (near.destroy(), far.destroy()));
}).listen(${NODE_PORT}, '${address.hub}')`;

/** The ingress gateway of the store. What is labelled with the lab's own gateway goes with it. */
async function openGateway(): Promise<void> {
  await lab.gateway(GATEWAY);
  const labels = { 'lab.meshx.test/member': 'gateway' };
  const selector = { istio: 'eastwestgateway' };
  const system = { name: 'istio-ingressgateway', namespace: 'istio-system' };
  const networking = 'networking.istio.io/v1';
  const server = { port: { number: 8080, name: 'http', protocol: 'HTTP' }, hosts: ['*'] };
  const route = [{ destination: { host: 'etcd', port: { number: 2379 } } }];
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
      spec: { hosts: ['*'], gateways: ['store'], http: [{ match: [{ uri: { prefix: '/v2/' } }], route }] },
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
  await Promise.all([makeStore(), openGateway(), lab.pod('caller', '10.150.0.28', { namespace: 'verified' })]);
  await lab.processes.start('node-port', { argv: [process.execPath, '-e', NODE_PORTS], namespace: lab.names.hub });
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
      readonly reply?: { readonly headers: Readonly<Record<string, string>> };
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
  const report = await verify('service', 'etcd', '-n', 'verified', ...write);
  const [registered, ...ways] = report.groups;
  expect(outcomes(registered)).toEqual({ 'endpoint-registered': 'ok', 'server-watched': 'ok' });
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

test('a database is verified by its connections', async () => {
  const report = await verify('service', 'mysqldb', '-n', 'verified');
  const vm = report.groups.find(({ title }) => title.includes('from the VM'));
  expect(outcomes(vm)).toMatchObject({ 'request-answered': 'ok', 'through-proxies': 'ok', 'mutual-tls-seen': 'ok' });
}, 60_000);

test('the VM, its telemetry, the gateway and the pods are verified', async () => {
  const istiod = ['-n', 'verified', '--istiod-address', '10.150.0.1'];
  const [vm, telemetry, gateway, injection] = [
    await verify('vm', VM, ...istiod),
    await verify('telemetry', VM, ...istiod),
    await verify('gateway', '-n', 'verified', '--path', '/v2/keys'),
    await verify('injection', '-n', 'verified', '-l', 'app=caller'),
  ];
  const failures = [vm, telemetry, gateway, injection].map(({ groups }) =>
    groups.flatMap(({ verdicts }) => verdicts.filter(({ outcome }) => outcome === 'error')),
  );
  expect(failures).toEqual([[], [], [], []]);
  expect(outcomes(telemetry.groups[1])).toMatchObject({ 'proxy-counters': 'ok', 'log-lines': 'ok' });
}, 60_000);

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

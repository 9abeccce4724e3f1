import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { aPendingService, aService, type ServiceWords } from '../support/cluster-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const PORTS = [
  { name: 'status-port', port: 15021, nodePort: 32639 },
  { name: 'https', port: 443, nodePort: 30597 },
  { name: 'http2', port: 80, nodePort: 32608 },
  { name: 'tls', port: 15443, nodePort: 32154 },
];
const NAME = 'istio-ingressgateway';
const gateway = (words: ServiceWords = {}): KubeObject => aService(NAME, { ports: PORTS, ...words });
const node = (name: string, address: string, more: object = {}): KubeObject => {
  const status = { addresses: [{ type: 'InternalIP', address }] };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, status, ...more };
};
const minikube = (address = '192.168.49.2'): KubeObject =>
  node('minikube', address, { metadata: { name: 'minikube', labels: { 'minikube.k8s.io/name': 'minikube' } } });

async function urlFrom(objects: readonly KubeObject[], ...words: readonly string[]) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'all.yaml'), objects.map((object) => stringify(object)).join('---\n'));
  return await runCli(['gateway-url', '--manifests', folder, ...words], { now: () => new Date('2026-11-30') });
}

test.each<readonly [string, readonly KubeObject[], string]>([
  ['address of the load balancer', [gateway({ ip: '35.1.2.3' })], 'http://35.1.2.3'],
  ['host name of the load balancer', [gateway({ hostname: 'a1.elb.example.org' })], 'http://a1.elb.example.org'],
  ['IPv6 address of the load balancer', [gateway({ ip: 'fd00::7' })], 'http://[fd00::7]'],
  ['externalIPs', [gateway({ type: 'LoadBalancer', externalIps: ['192.168.0.252'] })], 'http://192.168.0.252'],
  ['NodePort and node address', [gateway({ type: 'NodePort' }), node('one', '10.0.0.4')], 'http://10.0.0.4:32608'],
  ['NodePort over IPv6', [gateway({ type: 'NodePort' }), node('one', 'fd00::4')], 'http://[fd00::4]:32608'],
  ['node of Minikube', [aPendingService(NAME, { ports: PORTS }), minikube()], 'http://192.168.49.2:32608'],
])('the %s gives the URL, with the port that is named http2', async (_what, objects, url) => {
  const { exitCode, stdout } = await urlFrom(objects, '--path', '/productpage');
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${url}/productpage\n` });
});

test('a node that is not ready gives no address', async () => {
  const down = { conditions: [{ type: 'Ready', status: 'False' }] };
  const nodes = [node('one', '10.0.0.4'), node('two', '10.0.0.5')];
  const [first, second] = nodes.map((each) => ({ ...each, status: { ...(each['status'] as object) } }));
  Object.assign(first?.['status'] as object, down);
  const { stdout } = await urlFrom([gateway({ type: 'NodePort' }), first!, second!]);
  expect(stdout).toBe('http://10.0.0.5:32608\n');
});

test.each([
  [[{ name: 'x', port: 8080, nodePort: 31000 }], [], 'http://10.0.0.4:31000'],
  [[{ name: 'http-web', port: 8080, nodePort: 31000 }, ...PORTS.slice(0, 2)], [], 'http://10.0.0.4:31000'],
  [PORTS.slice(0, 2), [], 'https://10.0.0.4:30597'],
  [PORTS, ['--https'], 'https://10.0.0.4:30597'],
  [PORTS, ['--port-name', 'tls'], 'http://10.0.0.4:32154'],
  [PORTS, ['--port-name', '15021'], 'http://10.0.0.4:32639'],
])('of the ports %j %j takes %s', async (ports, words, url) => {
  const { stdout } = await urlFrom([gateway({ type: 'NodePort', ports }), node('one', '10.0.0.4')], ...words);
  expect(stdout).toBe(`${url}\n`);
});

test('the gateway of a Helm install and that of a classic mesh are found, and any Service by its name', async () => {
  const helm = aService('istio-ingress', { namespace: 'istio-ingress', ip: '10.9.9.9', ports: PORTS });
  expect((await urlFrom([helm])).stdout).toBe('http://10.9.9.9\n');
  const scope = aService('weave', { namespace: 'weave', type: 'NodePort', ports: [{ port: 80, nodePort: 30999 }] });
  const { stdout } = await urlFrom([scope, node('one', '10.0.0.4')], '--service', 'weave', '-n', 'weave');
  expect(stdout).toBe('http://10.0.0.4:30999\n');
});

test.each([
  ['just created', '2026-11-29T23:59:30Z', 'it was created 30 s ago, and may get one soon'],
  ['left without a provider', '2026-11-29T00:00:00Z', 'nothing in this cluster seems to give addresses'],
])(
  'a load balancer that is %s is told from the other, and its NodePort is used',
  async (_what, creationTimestamp, why) => {
    const service = aPendingService(NAME, { ports: PORTS });
    const created = { ...service, metadata: { ...service.metadata, creationTimestamp } };
    const { stdout, stderr } = await urlFrom([created, node('one', '10.0.0.4')]);
    expect(stdout).toBe('http://10.0.0.4:32608\n');
    expect(stderr).toContain(why);
  },
);

test('a node of Minikube or kind is said to be reachable from its host only', async () => {
  const kind = node('kind', '172.18.0.2', { spec: { providerID: 'kind://docker/kind/kind-control-plane' } });
  for (const [each, name] of [
    [minikube(), 'Minikube'],
    [kind, 'kind'],
  ] as const) {
    const { stderr } = await urlFrom([gateway({ type: 'NodePort' }), each]);
    expect(stderr).toContain(`the node is a machine of ${name}: as a rule only its host reaches it`);
  }
});

test('what nothing outside reaches, an unknown port and a missing Service are Problems with commands', async () => {
  const inside = await urlFrom([gateway({ ports: [{ name: 'http', port: 80 }] })]);
  expect(inside).toMatchObject({ exitCode: 1, stdout: '' });
  expect(inside.stderr).toMatch(/type ClusterIP[^]*kubectl patch service istio-ingressgateway -n istio-system/);
  const port = await urlFrom([gateway({ ip: '10.1.1.1' })], '--port-name', 'grpc');
  expect(port.stderr).toMatch(/has no such port[^]*http2 \(80\)[^]*gateway-port-unknown/);
  expect((await urlFrom([])).stderr).toMatch(/Service istio-system\/istio-ingressgateway[^]*gateway-missing/);
});

test('a hostile host name is not printed', async () => {
  const { exitCode, stdout } = await urlFrom([gateway({ hostname: 'a.example.org; rm -rf ~' })]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
});

test('assignments are read by a shell, with each value as it is', async () => {
  const { stdout } = await urlFrom([gateway({ type: 'NodePort' }), node('one', 'fd00::4')], '--export');
  expectGolden('cli/gateway-url/export.txt', stdout);
  const script = `eval "$(cat)"; printf '%s|' "$INGRESS_HOST" "$SECURE_INGRESS_PORT" "$GATEWAY_URL" "$ingressIP" "$ingressPort"`;
  const seen = execFileSync('sh', ['-c', script], { input: stdout, encoding: 'utf8' });
  expect(seen).toBe('fd00::4|30597|[fd00::4]:32608|fd00::4|32608|');
});

test('JSON has each port with its NodePort, and the way', async () => {
  const { stdout } = await urlFrom([gateway({ type: 'NodePort' }), node('one', '10.0.0.4')], '-o', 'json');
  expectGolden('cli/gateway-url/document.json', stdout);
});

test.each([['productpage'], ['/a b'], ['/a\u001b[1m']])('the path %j is refused', async (path) => {
  const { exitCode, stderr } = await urlFrom([gateway({ ip: '10.1.1.1' })], '--path', path);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--path: ');
});

test('with externalTrafficPolicy Local only a node that runs a pod of the gateway is named', async () => {
  const service = gateway({ type: 'NodePort' });
  const local = { ...service, spec: { ...(service['spec'] as object), externalTrafficPolicy: 'Local' } };
  const slice: KubeObject = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'a', namespace: 'istio-system', labels: { 'kubernetes.io/service-name': NAME } },
    endpoints: [
      { nodeName: 'one', conditions: { ready: false } },
      { nodeName: 'two', conditions: { ready: true } },
    ],
  };
  const nodes = [node('one', '10.0.0.4'), node('two', '10.0.0.5')];
  await using api = await FakeApiServer.start({ objects: [local, slice, ...nodes] });
  const { stdout } = await runCli(['gateway-url', '--kubeconfig', api.kubeconfig()]);
  expect(stdout).toBe('http://10.0.0.5:32608\n');
});

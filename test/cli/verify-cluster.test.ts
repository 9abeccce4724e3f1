import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { type Edit, healthyMesh } from '../support/healthy-mesh.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const steady = (text: string): string => text.replace(/\(\d+\.\d s\)/, '(0.1 s)');

async function run(objects: readonly KubeObject[], argv: readonly string[], arrange?: (api: FakeApiServer) => void) {
  await using api = await FakeApiServer.start({ objects });
  arrange?.(api);
  return await runCli([...argv, '--kubeconfig', api.kubeconfig()]);
}

interface Document {
  readonly verified: boolean;
  readonly groups: readonly {
    readonly title: string;
    readonly verdicts: readonly { readonly id: string; readonly outcome: string; readonly detail: string }[];
  }[];
}
const groupsOf = (stdout: string) => (JSON.parse(stdout) as Document).groups;
const verdictsOf = (stdout: string, index = 0): Readonly<Record<string, string>> =>
  Object.fromEntries((groupsOf(stdout)[index]?.verdicts ?? []).map(({ id, outcome }) => [id, outcome]));

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: shop, namespace: vm }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ['shop.example'] }]
`;
const ROUTE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: vm }
spec:
  hosts: ['shop.example']
  gateways: [shop]
  http: [{ match: [{ uri: { prefix: /productpage } }], route: [{ destination: { host: web, port: { number: 8080 } } }] }]
`;
const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec: { type: LoadBalancer, selector: { istio: ingressgateway }, ports: [{ name: http2, port: 1, targetPort: 80 }] }
status: { loadBalancer: { ingress: [{ ip: 127.0.0.1 }] } }
`;
const add = (text: string): Edit => ({ add: text });

test.each<readonly [string, readonly Edit[], Readonly<Record<string, string>>]>([
  [
    'nothing',
    [],
    {
      'gateway-object': 'error',
      'gateway-route': 'skipped',
      'gateway-address': 'skipped',
      'request-answered': 'skipped',
    },
  ],
  [
    'the Gateway alone',
    [add(GATEWAY)],
    { 'gateway-object': 'ok', 'gateway-route': 'error', 'gateway-address': 'skipped', 'request-answered': 'skipped' },
  ],
  [
    'no Service of the gateway',
    [add(GATEWAY), add(ROUTE)],
    { 'gateway-object': 'ok', 'gateway-route': 'ok', 'gateway-address': 'error', 'request-answered': 'skipped' },
  ],
])('with %s, verify gateway names the first part that is missing', async (_, edits, expected) => {
  const ran = await run(healthyMesh(...edits), ['verify', 'gateway', '-n', 'vm', '-o', 'json']);
  expect(ran.exitCode).toBe(4);
  expect(verdictsOf(ran.stdout)).toEqual(expected);
});

test('with all parts, a request goes to the address with the host and path of the route', async () => {
  const mesh = healthyMesh(add(GATEWAY), add(ROUTE), add(SERVICE));
  const ran = await run(mesh, ['verify', 'gateway', 'shop', '-n', 'vm', '-o', 'json']);
  // Nothing listens on port 1 of this machine.
  expect(ran.exitCode).toBe(4);
  const [group] = groupsOf(ran.stdout);
  expect(group?.title).toBe('Gateway vm/shop, VirtualService vm/shop: GET http://127.0.0.1:1/productpage');
  expect(verdictsOf(ran.stdout)).toMatchObject({ 'gateway-address': 'ok', 'request-answered': 'error' });
});

test.each<readonly [string, number, string, string]>([
  ['gets 404', 404, ROUTE, 'ok'],
  ['is forwarded', 200, ROUTE, 'error'],
  ['meets a login', 403, ROUTE, 'skipped'],
  ['is taken by a route for all', 200, ROUTE.replace('prefix: /productpage', 'prefix: /'), 'skipped'],
])('a path that no route has, and that %s, is judged', async (_, status, route, outcome) => {
  const asked: string[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    asked.push(`${headers.host} ${url}`);
    response.writeHead(url === '/productpage' ? 200 : status).end('page');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const mesh = healthyMesh(add(GATEWAY), add(route), add(SERVICE.replace('port: 1,', `port: ${port},`)));
  const ran = await run(mesh, ['verify', 'gateway', '-n', 'vm', '-o', 'json']);
  await new Promise((resolve) => server.close(resolve));
  expect(verdictsOf(ran.stdout)).toMatchObject({ 'request-answered': 'ok', 'unknown-path': outcome });
  const path = route === ROUTE ? '/meshx-path-without-a-route' : '/';
  expect(asked.at(-1)).toBe(`shop.example ${path}`);
});

test.each(['text', 'json', 'yaml'])(
  'a gateway that answers its route and no other path is shown as %s',
  async (format) => {
    const server = createServer(({ url = '' }, response) => {
      response.sendDate = false;
      response.writeHead(url === '/productpage' ? 200 : 404, { server: 'istio-envoy' }).end('page');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const mesh = healthyMesh(add(GATEWAY), add(ROUTE), add(SERVICE.replace('port: 1,', `port: ${port},`)));
    const ran = await run(mesh, ['verify', 'gateway', '-n', 'vm', '-o', format]);
    await new Promise((resolve) => server.close(resolve));
    expect(ran.exitCode).toBe(0);
    const same = steady(ran.stdout)
      .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:8080')
      .replace(/("?local"?: "?)127\.0\.0\.1:\d+/, '$1127.0.0.1:40000')
      .replaceAll(/("?ms"?: )\d+/g, '$10');
    expectGolden(`cli/verify/gateway.${format === 'text' ? 'txt' : format}`, same);
  },
);

const aPod = (name: string, more: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: web, labels: { app: ratings }, annotations: { sidecar.istio.io/status: '{}' } }
${more}
`;
const PODS = [
  aPod(
    'ready-1',
    `spec: { containers: [{ name: app }, { name: istio-proxy, image: docker.io/istio/proxyv2:1.30.4 }] }
status: { phase: Running, containerStatuses: [{ name: app, ready: true }, { name: istio-proxy, ready: true }] }`,
  ),
  aPod(
    'native-1',
    `spec: { containers: [{ name: app }], initContainers: [{ name: istio-proxy, restartPolicy: Always, image: docker.io/istio/proxyv2:1.30.4 }] }
status: { phase: Running, containerStatuses: [{ name: app, ready: true }], initContainerStatuses: [{ name: istio-proxy, ready: true }] }`,
  ),
  aPod(
    'late-1',
    `spec: { containers: [{ name: app }, { name: istio-proxy, image: docker.io/istio/proxyv2:1.30.4 }] }
status: { phase: Pending, containerStatuses: [{ name: app, ready: false, state: { waiting: { reason: ImagePullBackOff } } }] }`,
  ),
  aPod(
    'bare-1',
    `spec: { containers: [{ name: app }] }
status: { phase: Running, containerStatuses: [{ name: app, ready: true }] }`,
  ),
].map(add);
/** The injector, as far as a pod shows it. */
function inject(api: FakeApiServer): void {
  const sidecar = { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.4' };
  api.admit = (object) => {
    const { containers } = object['spec'] as { readonly containers: readonly object[] };
    return { ...object, spec: { containers: [...containers, sidecar] } };
  };
}

const LABEL: Edit = { change: 'Namespace web', to: 'metadata: { labels: { istio-injection: enabled } }' };

test.each(['text', 'json', 'yaml'])('pods with and without a ready sidecar are told, as %s', async (format) => {
  const ran = await run(
    healthyMesh(LABEL, ...PODS),
    ['verify', 'injection', '-n', 'web', '-l', 'app=ratings', '-o', format],
    inject,
  );
  expect(ran.exitCode).toBe(4);
  const name = `cli/verify/injection.${format === 'text' ? 'txt' : format}`;
  expectGolden(name, steady(ran.stdout).replace(/^( *"?ms"?: )\d+(,?)$/m, '$10$2'));
});

test('ready pods of a namespace with a revision are verified; a namespace without a label is a note', async () => {
  const revision: Edit = { change: 'Namespace web', to: 'metadata: { labels: { istio.io/rev: canary } }' };
  const some = PODS.slice(0, 2);
  const with_ = await run(healthyMesh(revision, ...some), ['verify', 'injection', '-n', 'web', '-o', 'json'], inject);
  expect([with_.exitCode, verdictsOf(with_.stdout, 1)['namespace-injected']]).toEqual([0, 'ok']);
  const without = await run(healthyMesh(...some), ['verify', 'injection', '-n', 'web', '-o', 'json']);
  expect([without.exitCode, verdictsOf(without.stdout, 1)['namespace-injected']]).toEqual([0, 'note']);
});

test('a namespace without pods is skipped, and so not verified', async () => {
  const ran = await run(healthyMesh(), ['verify', 'injection', '-n', 'web', '-o', 'json']);
  expect(ran.exitCode).toBe(4);
  expect(verdictsOf(ran.stdout, 1)).toMatchObject({ 'pod-injected': 'skipped', 'pod-ready': 'skipped' });
});

test('a new pod shows what the injector does, by a dry run that stores nothing', async () => {
  const words = ['verify', 'injection', '-n', 'web', '-o', 'json'];
  let writes: readonly string[] = ['not asked'];
  const trial = async (arrange: (api: FakeApiServer) => void, ...edits: readonly Edit[]): Promise<unknown> => {
    await using api = await FakeApiServer.start({ objects: healthyMesh(...edits) });
    arrange(api);
    const ran = await runCli([...words, '--kubeconfig', api.kubeconfig()]);
    writes = [...api.mutations, ...(api.object('Pod', 'web', 'meshx-injection-trial') ? ['a pod'] : [])];
    const [verdict] = groupsOf(ran.stdout)[0]?.verdicts ?? [];
    return [verdict?.id, verdict?.outcome, verdict?.detail];
  };
  const about = 'a dry run adds docker.io/istio/proxyv2:1.30.4, 2 containers; no pod was made';
  expect(await trial(inject, LABEL)).toEqual(['new-pod-injected', 'ok', about]);
  expect(writes).toEqual([]);
  const none = (): void => undefined;
  const silent = 'the namespace asks for a sidecar, and a dry run adds none';
  expect(await trial(none, LABEL)).toEqual(['new-pod-injected', 'error', silent]);
  expect(await trial(none)).toMatchObject(['new-pod-injected', 'skipped', expect.stringContaining('asks for none')]);
});

test('the jobs for Prometheus name the proxies of all VMs of the namespace', async () => {
  const ran = await run(healthyMesh(), ['verify', 'telemetry', '--print-scrape', '-n', 'vm']);
  expect(ran.exitCode).toBe(0);
  expectGolden('cli/verify/scrape.yaml', ran.stdout);
});

test('the ways to a service that cannot be gone are skipped with their reasons', async () => {
  // No VM has this address on the machine of a test: the direct way ends in its time limit or in no route.
  const here: Edit = {
    change: 'WorkloadEntry vm/web1-10.0.0.6',
    to: 'spec: { address: 127.0.0.1, ports: { http: 1 } }',
  };
  const ran = await run(healthyMesh(here), ['verify', 'service', 'web', '-n', 'vm', '-o', 'json']);
  expect(ran.stderr).not.toContain('hint');
  const ways = groupsOf(ran.stdout).slice(1);
  expect(ways.map(({ verdicts }) => verdicts[0]?.detail)).toEqual([
    'the connection was refused: connect ECONNREFUSED 127.0.0.1:1; that is no refusal by a sidecar',
    'the Service has no NodePort for this port',
    'no VirtualService of a Gateway leads to it',
    expect.stringContaining('web1'),
    expect.stringContaining('has no running pod with a sidecar'),
  ]);
});

test.each([
  ['a Service that does not exist', ['service', 'nothing'], 'it does not exist'],
  ['a pod that does not exist', ['http://a/', '--from', 'pod:nothing'], 'named nothing'],
])('%s is a Problem', async (_, words, part) => {
  const ran = await run(healthyMesh(), ['verify', ...words, '-n', 'vm']);
  expect([ran.exitCode, ran.stderr]).toEqual([1, expect.stringContaining(part)]);
});

const CALLER = aPod(
  'caller-1',
  `spec: { containers: [{ name: app }, { name: istio-proxy }] }
status: { phase: Running, conditions: [{ type: Ready, status: 'True' }] }`,
);
const ID = '8aa0f7d8-caac-9065-bb4c-d11c7af7d93f';
const LINE = `[2026-11-30T16:28:24.672Z] "GET /v2/keys/istioTest HTTP/1.1" 200 - 0 119 3 3 "-" "-" "${ID}" "etcd-service:2379" "172.17.0.9:2379"`;

test('a request from a pod is sent by the curl of its application, and its sidecar logged it in the short format', async () => {
  const bin = temporaryFolder();
  mkdirSync(join(bin, 'x'));
  const answer = 'HTTP/1.1 200 OK\\r\\nserver: envoy\\r\\ncontent-type: application/json\\r\\n\\r\\n{"action":"get"}';
  writeFileSync(join(bin, 'curl'), `#!/bin/sh\ncat >/dev/null\nprintf '${answer}'\n`);
  chmodSync(join(bin, 'curl'), 0o755);
  const url = ['verify', 'http://etcd-service:2379/v2/keys/istioTest', '--from', 'pod:ratings', '-n', 'web'];
  const ran = await run(healthyMesh(add(CALLER)), [...url, '-H', `x-request-id: ${ID}`], (api) => {
    api.containers.set('web/caller-1:app', { path: `${bin}:${process.env['PATH']}` });
    api.log('web/caller-1', 'ready', LINE);
  });
  expect(ran.exitCode).toBe(0);
  expectGolden('cli/verify/from-pod.txt', steady(ran.stdout));
});

const TCP_LINE =
  '[2026-11-30T16:28:25.000Z] "- - -" 0 - - - "-" 0 78 3001 - "-" "-" "-" "-" "127.0.0.1:1" outbound|3306||mysqldb.vm.svc.cluster.local 10.150.0.28:41000 10.63.251.157:3306 10.150.0.28:40000 - -';

test.each([
  ['sends bytes first', { says: "printf '5.5.5-10.11'", times: '0.001 3.000', code: 28 }, 'ok: sends 11 bytes'],
  ['is silent', { says: ':', times: '0.001 3.000', code: 28 }, 'error: is open but silent'],
  ['cannot be reached', { says: ':', times: '0.000 0.001', code: 7 }, 'error: accepts no connection: refused'],
  ['closes at once', { says: ':', times: '0.001 0.002', code: 0 }, 'error: closes without a byte'],
])('a database that %s is verified from a pod by its connection', async (_, { says, times, code }, verdict) => {
  const bin = temporaryFolder();
  const curl = `#!/bin/sh\n${says}\necho 'curl: (7) refused' >&2\necho 'times ${times}' >&2\nexit ${code}\n`;
  for (const [name, text] of [
    ['curl', curl],
    ['sleep', '#!/bin/sh\n'],
  ] as const)
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  const here: Edit = {
    change: 'WorkloadEntry vm/db1-10.0.0.5',
    to: 'spec: { address: 127.0.0.1, ports: { mysql-3306: 1 } }',
  };
  const ran = await run(
    healthyMesh(here, add(CALLER)),
    ['verify', 'service', 'mysqldb', '-n', 'vm', '--from', 'pod:caller-1.web', '-o', 'json'],
    (api) => {
      api.log('web/caller-1', 'ready');
      // The sidecar logs a connection when it ends.
      const ended = (): void => api.log('web/caller-1', 'ready', TCP_LINE);
      api.containers.set('web/caller-1:app', { path: `${bin}:${process.env['PATH']}`, ended });
    },
  );
  const pod = groupsOf(ran.stdout).at(-1);
  expect(pod?.title).toContain('from Pod web/caller-1');
  const [outcome, detail = ''] = verdict.split(/: (.*)/);
  expect(pod?.verdicts[0]).toMatchObject({ id: 'request-answered', outcome, detail: expect.stringContaining(detail) });
});

test('a container without a shell is said, with what an operator can do', async () => {
  const url = ['verify', 'http://web:8080/', '--from', 'pod:caller-1.web', '-o', 'json'];
  const ran = await run(healthyMesh(add(CALLER)), url, (api) => api.log('web/caller-1', 'ready'));
  expect(ran.exitCode).toBe(4);
  const [first] = groupsOf(ran.stdout)[0]?.verdicts ?? [];
  expect(first?.detail).toContain('container app of Pod web/caller-1 has no shell');
  expect(first?.detail).toContain('kubectl debug');
});

test('the mesh is verified by its checks', async () => {
  const ran = await run(healthyMesh(), ['verify', '-o', 'json']);
  expect(groupsOf(ran.stdout).map(({ title }) => title)).toEqual(
    expect.arrayContaining(['cluster', 'exposure', 'registration']),
  );
  expect(JSON.parse(ran.stdout)).toMatchObject({ verified: true });
});

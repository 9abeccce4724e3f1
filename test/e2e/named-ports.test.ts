import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { Requests } from './support/requests.ts';

const NAMESPACE = 'named';
const IP = '10.150.0.58';
const ENTRY = `named1-${IP}`;
const WEB = 'http://web.named.svc.cluster.local:8080/';
const ADMIN = 'http://admin.named.svc.cluster.local:8081/';

let lab: Lab;

const up = async (deb = lab.deb, ...more: readonly string[]) =>
  await lab.meshx([
    ...['up', 'named1', '-n', NAMESPACE, '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'],
    ...['--package', deb, '--service', 'web:http-frontend:8080', '--service', 'admin:http:8081', ...more],
  ]);

const kubectl = async (...args: readonly string[]) => await lab.kubectl(['-n', NAMESPACE, ...args]);
const targetOf = async (service: string) =>
  await kubectl('get', 'service', service, '-o', 'jsonpath={.spec.ports[0].targetPort}');
const portsOf = async () =>
  JSON.parse(await kubectl('get', 'workloadentry', ENTRY, '-o', 'jsonpath={.spec.ports}')) as unknown;

/** The objects of a former meshx: a numeric target port, and the whole name of the port in the entry. */
async function formerForm(): Promise<void> {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: NAMESPACE, labels: { 'app.kubernetes.io/managed-by': 'meshx' } },
    spec: {
      ports: [{ name: 'http-frontend', port: 8080, protocol: 'TCP', targetPort: 8080 }],
      selector: { 'service.meshx.dev/web': 'ready' },
    },
  };
  await lab.kubectl(['apply', '--server-side', '--field-manager=meshx', '-f', '-'], JSON.stringify(service));
  const ports = { 'http-front-8080': null, 'http-frontend-8080': 8080 };
  const annotations = { 'meshx.dev/ports': null };
  await kubectl(
    'patch',
    'workloadentry',
    ENTRY,
    '--type=merge',
    '-p',
    JSON.stringify({ metadata: { annotations }, spec: { ports } }),
  );
  expect(await targetOf('web')).toBe('8080');
}

beforeAll(async () => {
  lab = await Lab.attach();
  await lab.vm('named1', IP, { mysql: 'off' });
  await lab.mustSsh('named1', 'systemctl enable --now lab-http@8080 lab-http@8081');
  expectDone(await up());
  await lab.pod('asker', '10.150.0.29', { namespace: NAMESPACE });
}, 300_000);

afterAll(async () => await lab.removeMembers(), 60_000);

test.each([
  ['up', async () => await up()],
  ['register', async () => await lab.meshx(['register', 'web', IP, 'http-frontend:8080', '-n', NAMESPACE])],
])(
  '%s moves a Service to named target ports, and no request fails meanwhile',
  async (_command, run) => {
    await formerForm();
    await using requests = new Requests(lab, 'asker', WEB);
    await lab.waitFor('the client to be answered', () => requests.latest === '200');
    const before = requests.answers.length;
    expectDone(await run());
    expect(await targetOf('web')).toBe('http-front-8080');
    await lab.waitFor('some requests after the change', () => requests.answers.length >= before + 30);
    expect(requests.answers.slice(before).filter(({ status }) => status !== '200')).toEqual([]);
    expect(await portsOf()).toEqual({ 'http-8081': 8081, 'http-front-8080': 8080 });
  },
  240_000,
);

test('a service is out of rotation while its port is not in the entry, and other services of the VM answer', async () => {
  await using web = new Requests(lab, 'asker', WEB);
  await using admin = new Requests(lab, 'asker', ADMIN);
  await lab.waitFor('both services to answer', () => web.latest === '200' && admin.latest === '200');
  const before = admin.answers.length;
  const patch = async (port: number | null) =>
    await kubectl(
      'patch',
      'workloadentry',
      ENTRY,
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { ports: { 'http-front-8080': port } } }),
    );
  const removed = Date.now();
  await patch(null);
  await lab.waitFor('the client to be refused', () => web.latest === '503', { timeoutMs: 5000, everyMs: 10 });
  const refused = web.answers.find(({ status, at }) => status === '503' && at >= removed);
  expect((refused?.at ?? Number.POSITIVE_INFINITY) - removed).toBeLessThan(2000);
  await patch(8080);
  await lab.waitFor('the client to be answered again', () => web.latest === '200', { timeoutMs: 5000, everyMs: 10 });
  await lab.waitFor('some requests to the other service', () => admin.answers.length >= before + 10);
  expect(admin.answers.slice(before).filter(({ status }) => status !== '200')).toEqual([]);
}, 120_000);

test('a drained VM loses its ports and no stale endpoint stays; it returns with them', async () => {
  await using web = new Requests(lab, 'asker', WEB);
  await lab.waitFor('the service to answer', () => web.latest === '200');
  const before = web.answers.length;
  const ran = await up(lab.newerDeb, '--restart', '--drain-timeout', '2');
  expectDone(ran);
  expect(ran.stderr).toMatch(/istiod has dropped the endpoint, seen by the VM's own sidecar after \d+ ms/);
  expect(await portsOf()).toEqual({ 'http-8081': 8081, 'http-front-8080': 8080 });
  // A stale endpoint would make requests hang until their limit, which is the status 000.
  const drained = web.answers.slice(before).filter(({ status }) => status !== '200');
  expect(new Set(drained.map(({ status }) => status))).toEqual(new Set(['503']));
  await lab.waitFor('the service to answer again', () => web.latest === '200');
}, 180_000);

import { Lab } from '../lab/lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
});

afterAll(async () => {
  await lab.meshx(['expose', 'delete', '--yes']);
  await lab.kubectl(['-n', 'istio-system', 'delete', 'endpointslice', 'istiod-ilb-lab', '--ignore-not-found']);
});

/** What the controller of a cluster writes for the pods that the Service selects; this one has no controllers. */
const endpoints = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'istiod-ilb-lab',
    namespace: 'istio-system',
    labels: { 'kubernetes.io/service-name': 'istiod-ilb' },
  },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.150.0.1'], conditions: { ready: true } }],
  ports: [{ name: 'tls-istiod', port: 15012, protocol: 'TCP' }],
};

const ILB = ['-n', 'istio-system', 'get', 'service', 'istiod-ilb', '--ignore-not-found', '-o', 'name'];

test('a load balancer for istiod is made, and the status fails while it has no address', async () => {
  const applied = await lab.meshx(['expose', 'apply', '--provider', 'gcp']);
  expect({ exitCode: applied.exitCode, output: applied.exitCode ? applied.stderr : '' }).toEqual({
    exitCode: 0,
    output: '',
  });
  expect(await lab.kubectl(ILB)).toContain('service/istiod-ilb');
  const status = await lab.meshx(['expose', 'status']);
  expect(status.exitCode).toBe(1);
  expect(status.stdout).toMatch(/istiod-ilb\s+LoadBalancer\s+10\.63\.\d+\.\d+\s+<pending>\s+15012/);
}, 60_000);

test('a second apply sends no mutating request', async () => {
  const since = Date.now();
  const again = await lab.meshx(['expose', 'apply', '--provider', 'gcp']);
  expect({ exitCode: again.exitCode, output: again.exitCode ? again.stderr : '' }).toEqual({ exitCode: 0, output: '' });
  expect(await lab.auditMutations(since)).toEqual([]);
}, 60_000);

test('--wait ends when the address is there, and the files for a VM then name it', async () => {
  await lab.mesh.apply([endpoints]);
  const waiting = lab.meshx(['expose', 'status', '--wait', '--timeout', '60']);
  await lab.mesh.patchStatus(
    'service',
    { name: 'istiod-ilb', namespace: 'istio-system' },
    { loadBalancer: { ingress: [{ ip: '10.150.0.1' }] } },
  );
  const waited = await waiting;
  expect({ exitCode: waited.exitCode, output: waited.exitCode ? waited.stdout + waited.stderr : '' }).toEqual({
    exitCode: 0,
    output: '',
  });
  const files = await lab.meshx(['generate-cluster-env', '--workload-group', 'db', '-n', 'default', '--print']);
  expect(files.stderr).toContain('istiod-ilb');
  expect(files.stdout).toContain('10.150.0.1 istiod.istio-system.svc');
}, 90_000);

test('delete takes away what apply made, and nothing else, and --wait ends when the cloud has let go', async () => {
  const services = async (): Promise<readonly string[]> =>
    (await lab.kubectl(['-n', 'istio-system', 'get', 'service', '-o', 'name'])).trim().split('\n').sort();
  const before = await services();
  // What the cloud's controller puts on a Service while it has a load balancer.
  const held = (finalizers: readonly string[]): string => JSON.stringify({ metadata: { finalizers } });
  const patch = ['-n', 'istio-system', 'patch', 'service', 'istiod-ilb', '--type=merge', '-p'];
  await lab.kubectl([...patch, held(['service.kubernetes.io/load-balancer-cleanup'])]);
  const stuck = await lab.meshx(['expose', 'delete', '--yes', '--wait', '--timeout', '2']);
  expect(stuck.stderr).toContain('services-left');
  expect(stuck.exitCode).toBe(1);
  const deleting = lab.meshx(['expose', 'delete', '--yes', '--wait', '--timeout', '30']);
  await lab.kubectl([...patch, held([])]);
  const deleted = await deleting;
  expect({ exitCode: deleted.exitCode, output: deleted.exitCode ? deleted.stderr : '' }).toEqual({
    exitCode: 0,
    output: '',
  });
  expect(await services()).toEqual(before.filter((name) => name !== 'service/istiod-ilb'));
}, 60_000);

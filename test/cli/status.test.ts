import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { healthyMesh, NOW } from '../support/healthy-mesh.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const MANIFESTS = new URL('../golden/status/manifests', import.meta.url).pathname;
const FORMATS = ['text', 'wide', 'json', 'yaml'];

/** The output without the folder, which differs between machines. */
async function status(...words: readonly string[]) {
  const found = await runCli(['status', '--manifests', MANIFESTS, ...words], { now: () => NOW });
  return { ...found, stdout: found.stdout.replaceAll(MANIFESTS, 'manifests') };
}

async function live(server: FakeApiServer, ...words: readonly string[]) {
  return await runCli(['status', '--kubeconfig', server.kubeconfig(), ...words], { now: () => NOW });
}

test.each(FORMATS)('all VMs of a mesh as %s, also those that meshx did not set up', async (format) => {
  const { exitCode, stdout } = await status('-o', format);
  expect(exitCode).toBe(0);
  expectGolden(`status/${format}.txt`, stdout);
});

test('JSON and YAML are the same document', async () => {
  const [json, yaml] = [await status('-o', 'json'), await status('-o', 'yaml')];
  expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
});

test('a VM without any remark has none: entry, group, Service and agent agree', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  const { exitCode, stdout } = await live(server);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^db1 +vm +10\.0\.0\.5 +ready +3h +mysqldb:3306$/m);
  expect(stdout).toMatch(/\n\n2 VMs: 2 ready; istiod 1\.30\.4\n$/);
});

test('several VMs are chosen by group, entry or address, and no others are shown', async () => {
  const { stdout } = await status('vm/db1', '10.0.0.6');
  expect(stdout).toContain('2 VMs: 1 ready, 1 degraded');
  expect(stdout).not.toMatch(/cart1|legacy/);
});

test('an unknown VM is a problem', async () => {
  const { exitCode, stdout, stderr } = await status('db9', 'db1');
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain('meshx explain status-vm-unknown');
  expect(stderr).toContain(': db9.');
});

test('-n limits the table to a namespace', async () => {
  const { stdout } = await status('-n', 'shop');
  expect(stdout).toMatch(/^2 VMs: 2 registered/m);
});

test('a mesh without VMs says so', async () => {
  const { exitCode, stdout } = await status('-n', 'empty');
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '0 VMs; istiod 1.30.4\n' });
});

test('who may read one namespace only sees the VMs of the context, and why not the others', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  server.fail({ on: /GET \/apis\/networking\.istio\.io\/v1\/workloadentries$/, answer: 403 });
  const { exitCode, stdout } = await live(server);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/note: only namespace default was read \(.*\); name another one with -n/);
  const named = await live(server, '-n', 'vm');
  expect(named.stdout).toContain('2 VMs: 2 ready');
});

test('without the right to read groups or Services, the entries are shown with a note', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh(), denied: ['list workloadgroups'] });
  const { exitCode, stdout } = await live(server);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('note: WorkloadGroups were not read');
  expect(stdout).toContain('2 VMs: 2 ready');
});

test('a namespace that was asked for and may not be read is a problem', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh(), denied: ['list workloadentries'] });
  const { exitCode, stderr } = await live(server, '-n', 'vm');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('meshx explain cluster-forbidden');
});

test('text of a cluster stays text in every format', async () => {
  const hostile = `\u001b]52;c;aGk=\u0007\n# <script>`;
  const note = JSON.stringify({ state: 'down', since: '2026-11-30T11:00:00Z', reason: hostile });
  const to = JSON.stringify({
    metadata: { annotations: { 'agent.meshx.dev/mysqldb': note, 'istio.io/workloadController': hostile } },
    spec: { address: hostile },
  });
  await using server = await FakeApiServer.start({
    objects: healthyMesh({ change: 'WorkloadEntry vm/db1-10.0.0.5', to }),
  });
  for (const format of FORMATS) {
    const { exitCode, stdout } = await live(server, '-o', format);
    expect(exitCode).toBe(0);
    expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]|^# <script>/m);
    expect(stdout).toContain('<script>');
  }
});

test('the number of requests depends on the namespaces with VMs only, nothing is written and no Secret is read', async () => {
  const entries = Array.from({ length: 300 }, (_, index) => ({
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry' },
    metadata: { name: `more${index}`, namespace: 'vm' },
    spec: { address: `10.2.${Math.trunc(index / 250)}.${index % 250}` },
  }));
  const count = async (objects: ReturnType<typeof healthyMesh>): Promise<number> => {
    await using server = await FakeApiServer.start({ objects });
    expect((await live(server)).exitCode).toBe(0);
    expect(server.requests.filter(({ method, path }) => method !== 'GET' || path.includes('secrets'))).toEqual([]);
    return server.requests.length;
  };
  const few = await count(healthyMesh());
  expect(await count([...healthyMesh(), ...entries])).toBe(few);
  expect(few).toBeLessThan(8);
});

test('a VM that SSH does not reach is shown with the reason, and the exit code says so', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  // Port 1 of this machine refuses.
  const words = ['--port', '1', '--accept-new-host-key', '--step-timeout', '5'];
  const config = join(temporaryFolder(), 'config');
  writeFileSync(config, 'Host db1 web1\n  HostName 127.0.0.1\n');
  const ssh = [...words, '--ssh-config', config];
  const one = await live(server, 'db1', ...ssh);
  expect(one.exitCode).toBe(1);
  expect(one.stdout).toMatch(/^VM +db1 in namespace vm \(WorkloadGroup db1, WorkloadEntry db1-10\.0\.0\.5\)$/m);
  expect(one.stdout).toMatch(/^! it was not read: /m);
  const json = await live(server, 'db1', '-o', 'json', ...ssh);
  const { vms } = JSON.parse(json.stdout) as { readonly vms: readonly Readonly<Record<string, unknown>>[] };
  expect(vms).toMatchObject([{ vm: 'db1', machine: { host: 'db1', problem: { id: expect.any(String) } } }]);
});

test('what neither the cluster nor SSH knows is a problem', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  const { exitCode, stderr } = await live(server, '127.0.0.1', '--port', '1', '--accept-new-host-key');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('meshx explain status-vm-unknown');
});

test('--deep and --watch exclude each other', async () => {
  const { exitCode, stderr } = await status('--deep', '-w');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--deep: it reads once');
});

const CLASSIC = new URL('../../examples/classic-cluster', import.meta.url).pathname;

test('a classic mesh shows the registered addresses, and that its cluster knows no more', async () => {
  const endpoints = {
    ...{ apiVersion: 'v1', kind: 'Endpoints' },
    metadata: {
      ...{ name: 'mysqldb', namespace: 'vm' },
      annotations: { 'alpha.istio.io/kubernetes-serviceaccounts': 'default' },
    },
    subsets: [
      {
        addresses: [{ ip: '10.150.0.5' }],
        notReadyAddresses: [{ ip: '10.150.0.6' }],
        ports: [{ name: 'mysql', port: 3306 }],
      },
    ],
  };
  const pods = { ...endpoints, metadata: { name: 'pods', namespace: 'vm' } };
  const pilot = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'istio-pilot', namespace: 'istio-system' },
    spec: {},
  };
  await using server = await FakeApiServer.start({ objects: [pilot, endpoints, pods] });
  const { exitCode, stdout } = await live(server);
  expect(exitCode).toBe(0);
  expectGolden('status/classic.txt', stdout.replace(/--kubeconfig \S+/, '--kubeconfig KUBECONFIG'));
  expect((await runCli(['status', '--manifests', CLASSIC], { now: () => NOW })).stdout).toContain('0 VMs');
});

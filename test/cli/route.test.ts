import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { aService } from '../support/cluster-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { keyPair, sshServer } from '../support/ssh-server.ts';

const API = 'networking.istio.io/v1';
const service = (portName = 'http'): KubeObject =>
  aService('ratings', { namespace: 'default', selector: { app: 'ratings' }, ports: [{ name: portName, port: 9080 }] });
const pod = (version: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `ratings-${version}`, namespace: 'default', labels: { app: 'ratings', version } },
});
const rule = (name: string, host: string, subsets: readonly string[], labels = {}): KubeObject => ({
  apiVersion: API,
  kind: 'DestinationRule',
  metadata: { name, namespace: 'default', labels },
  spec: { host, subsets: subsets.map((each) => ({ name: each, labels: { version: each } })) },
});

const mesh = (...objects: readonly KubeObject[]) =>
  FakeApiServer.start({ objects: [service(), pod('v1'), pod('v2-mysql-vm'), ...objects] });
const route = (api: FakeApiServer, ...words: readonly string[]) =>
  runCli(['route', 'ratings', '--kubeconfig', api.kubeconfig(), ...words]);

test('the route to the version that uses the VM is printed, and applied only when it is confirmed', async () => {
  await using api = await mesh();
  const planned = await route(api, '--to', 'v2-mysql-vm', '--dry-run');
  expect(planned.exitCode).toBe(0);
  expectGolden('cli/route/dry-run.txt', planned.stdout);
  const asked = await route(api, '--to', 'v2-mysql-vm');
  expect({ exitCode: asked.exitCode, stderr: asked.stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('needs-confirmation'),
  });
  expect(api.mutations).toEqual([]);
  expect((await route(api, '--to', 'v2-mysql-vm', '--yes')).exitCode).toBe(0);
  expect(api.mutations.map((each) => each.split('/').slice(-2).join('/'))).toEqual([
    'destinationrules/ratings',
    'virtualservices/ratings',
  ]);
  expect((await route(api, '--to', 'v2-mysql-vm', '--yes')).stdout).toContain('up to date, no changes');
});

test('weights, a header, a timeout and retries are in the routes', async () => {
  await using api = await mesh();
  const more = [
    '--header',
    'End-User=jason',
    '--header-to',
    'v2-mysql-vm',
    '--request-timeout',
    '5s',
    '--retries',
    '2',
  ];
  const { stdout } = await route(
    api,
    '--to',
    'v1=90',
    '--to',
    'v2-mysql-vm=10',
    ...more,
    '--per-try-timeout',
    '1s',
    '--dry-run',
    '-o',
    'yaml',
  );
  expectGolden('cli/route/weights.yaml', stdout);
});

test('--remove deletes what meshx made, the routes first, and nothing of others', async () => {
  await using api = await mesh();
  await route(api, '--to', 'v1', '--yes');
  const before = api.mutations.length;
  expect((await route(api, '--remove', '--yes')).exitCode).toBe(0);
  expect(api.mutations.slice(before).map((each) => each.split('/').slice(-2).join('/'))).toEqual([
    'virtualservices/ratings',
    'destinationrules/ratings',
  ]);
  api.put(rule('ratings', 'ratings', ['v1']));
  expect((await route(api, '--remove', '--yes')).stdout).toContain('up to date, no changes');
  expect(api.object('DestinationRule', 'default', 'ratings')).toBeDefined();
});

test('a DestinationRule of another owner is used if it has the subsets, and refused if it has not', async () => {
  await using api = await mesh(rule('all', 'ratings', ['v1', 'v2-mysql-vm']));
  const { stdout } = await route(api, '--to', 'v2-mysql-vm', '--dry-run');
  expect(stdout).toContain('+ create VirtualService default/ratings');
  expect(stdout).not.toContain('create DestinationRule');
  await using other = await mesh(rule('all', 'ratings', ['v1']));
  const refused = await route(other, '--to', 'v2-mysql-vm', '--dry-run');
  expect(refused.stderr).toMatch(/DestinationRule default\/all defines its subsets, and has no v2-mysql-vm/);
});

test('a VirtualService of another owner for the same clients is refused, and one of a gateway is not', async () => {
  const routes = (gateways: readonly string[]): KubeObject => ({
    apiVersion: API,
    kind: 'VirtualService',
    metadata: { name: 'theirs', namespace: 'default' },
    spec: { hosts: ['ratings'], gateways, http: [] },
  });
  await using api = await mesh(routes(['bookinfo-gateway']));
  expect((await route(api, '--to', 'v1', '--dry-run')).exitCode).toBe(0);
  api.put(routes(['bookinfo-gateway', 'mesh']));
  expect((await route(api, '--to', 'v1', '--dry-run')).stderr).toMatch(
    /VirtualService default\/theirs routes it already[^]*route-foreign/,
  );
});

test('a VirtualService of another namespace is refused if these clients follow it, and noted if others do', async () => {
  const routes = (exportTo: readonly string[]): KubeObject => ({
    apiVersion: API,
    kind: 'VirtualService',
    metadata: { name: 'theirs', namespace: 'web' },
    spec: { hosts: ['ratings.default.svc.cluster.local'], exportTo, http: [] },
  });
  await using api = await mesh(routes(['*']), {
    ...rule('theirs', 'ratings', []),
    metadata: { name: 'x', namespace: 'web' },
  });
  expect((await route(api, '--to', 'v1', '--dry-run')).stderr).toContain('VirtualService web/theirs routes it already');
  api.put(routes(['.']));
  const { stdout } = await route(api, '--to', 'v1', '--dry-run');
  expect(stdout.split('\n').filter((line) => line.startsWith('note:'))).toEqual([
    'note: VirtualService web/theirs routes the clients of its namespaces, whatever this route says',
  ]);
});

test('a DestinationRule of the namespace of clients is noted, because they follow it alone', async () => {
  const theirs = rule('theirs', 'ratings.default.svc.cluster.local', ['v1']);
  await using api = await mesh({ ...theirs, metadata: { name: 'theirs', namespace: 'web' } });
  const { stdout } = await route(api, '--to', 'v1', '--dry-run');
  expect(stdout).toContain('note: clients of namespace web use DestinationRule web/theirs instead');
  expect(stdout).toContain('+ create DestinationRule default/ratings');
});

test('a new subset is written before the route that leads to it, also if only the route is new', async () => {
  await using api = await mesh();
  await route(api, '--to', 'v1', '--yes');
  api.remove('VirtualService', 'default', 'ratings');
  const before = api.mutations.length;
  const { stdout } = await route(api, '--to', 'v2-mysql-vm', '--yes');
  expect(stdout.split('\n').filter((line) => line.startsWith('+'))).toEqual([
    expect.stringContaining('+ change DestinationRule default/ratings'),
    '+ create VirtualService default/ratings',
  ]);
  expect(api.mutations.slice(before).map((each) => each.split('/').slice(-2)[0])).toEqual([
    'destinationrules',
    'virtualservices',
  ]);
});

test('subsets that routes led to before stay, and a version that nothing has is noted', async () => {
  await using api = await mesh();
  await route(api, '--to', 'v1', '--yes');
  const { stdout } = await route(api, '--to', 'v9', '--yes');
  expect(stdout).toContain('note: no pod and no VM of default/ratings has version=v9: its requests will fail with 503');
  const subsets = (
    api.object('DestinationRule', 'default', 'ratings')?.['spec'] as { subsets: readonly { name: string }[] }
  ).subsets;
  expect(subsets.map(({ name }) => name)).toEqual(['v1', 'v9']);
});

test('a service that is not HTTP is routed by weights, and has no headers', async () => {
  await using api = await FakeApiServer.start({ objects: [service('tcp-mysql'), pod('v1')] });
  const { stdout } = await route(api, '--to', 'v1', '--dry-run', '-o', 'yaml');
  expect(stdout).toMatch(/tcp:\n +- route:/);
  expect((await route(api, '--to', 'v1', '--retries', '1', '--dry-run')).stderr).toContain('route-needs-http');
  expect((await runCli(['route', 'none', '--to', 'v1', '--kubeconfig', api.kubeconfig()])).stderr).toContain(
    'route-service-missing',
  );
});

test.each([
  [['--to', 'v1=50'], '50 percent together'],
  [['--to', 'v1', '--to', 'v2=50'], 'needs its share'],
  [['--to', 'v1=50', '--to', 'v1=50'], 'twice'],
  [['--to', 'v 1'], 'not the value of a label'],
  [['--to', 'v1', '--header', 'a=b'], '--header-to'],
  [['--to', 'v1', '--header', 'a b=c', '--header-to', 'v1'], 'NAME=VALUE'],
  [['--to', 'v1', '--request-timeout', '5'], '--request-timeout'],
  [['--to', 'v1', '--retries', '-1'], '--retries'],
  [['--remove', '--to', 'v1'], '--remove'],
  [[], '--to: name a version'],
])('%j is refused', async (words, what) => {
  const { exitCode, stderr } = await runCli(['route', 'ratings', ...words]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(what) });
});

/** A VM whose Envoy answers with the dump that is in the file. */
async function aVm() {
  const [home, bin] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, '.ssh/id_ed25519'), keyPair().privateKey, { mode: 0o600 });
  writeFileSync(join(home, 'config'), '');
  const dump = join(home, 'dump.json');
  writeFileSync(join(bin, 'curl'), `#!/bin/sh\ncat '${dump}'\n`);
  chmodSync(join(bin, 'curl'), 0o755);
  const server = await sshServer({ path: bin });
  const words = [
    '--user',
    'deploy',
    '--port',
    String(server.port),
    '--accept-new-host-key',
    '--ssh-config',
    join(home, 'config'),
  ];
  const key = ['-i', join(home, '.ssh/id_ed25519'), '--known-hosts', join(home, 'known_hosts')];
  // The VM may read it at any time: it is replaced as a whole.
  const answer = (subset: string): void => {
    writeFileSync(`${dump}.new`, JSON.stringify(dumpOf(`outbound|9080|${subset}|ratings.default.svc.cluster.local`)));
    renameSync(`${dump}.new`, dump);
  };
  return { words: ['--vm', '127.0.0.1', ...words, ...key], answer, server };
}

function dumpOf(cluster: string): object {
  const routes = [{ match: { prefix: '/' }, route: { cluster } }];
  const table = {
    '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
    name: '9080',
    virtual_hosts: [{ name: 'ratings', domains: ['ratings'], routes }],
  };
  const dump = {
    '@type': 'type.googleapis.com/envoy.admin.v3.RoutesConfigDump',
    dynamic_route_configs: [{ version_info: '1', route_config: table }],
  };
  return { configs: [dump] };
}

test("a change is confirmed in the VM's sidecar, which is shown before and after", async () => {
  await using api = await mesh();
  const { words, answer, server } = await aVm();
  answer('');
  const arrives = setInterval(() => {
    if (api.mutations.length > 1) answer('v1');
  }, 50);
  const { exitCode, stderr } = await route(api, '--to', 'v1', '--yes', '--timeout', '20', ...words);
  clearInterval(arrives);
  expect(stderr).toContain(
    '  before: outbound|9080||ratings.default.svc.cluster.local\n  now:    outbound|9080|v1|ratings.default.svc.cluster.local',
  );
  expect(exitCode).toBe(0);
  const late = await route(api, '--to', 'v2-mysql-vm', '--yes', '--timeout', '1', ...words);
  expect(late.stderr).toMatch(/After 1 s the sidecar of 127.0.0.1 still routes[^]*route-not-arrived/);
  await server.close();
}, 30_000);

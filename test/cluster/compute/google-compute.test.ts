import { jest } from '@jest/globals';
import type { ComputeOptions } from '../../../src/cluster/compute/compute-engine.ts';
import { connectCompute } from '../../../src/cluster/compute/google-compute.ts';
import { parseGcpOptions } from '../../../src/cluster/compute/gcp-options.ts';
import { serviceOf } from '../../../src/cluster/compute/google-compute.ts';
import { waitForForwardingRulesGone } from '../../../src/cluster/compute/balancers-gone.ts';
import { computeInventory } from '../../../src/operations/fleet/compute-inventory.ts';
import type { World } from '../../../src/world.ts';
import { ComputeServer } from '../../support/compute-server.ts';
import { problemOf } from '../../support/problem.ts';

// Loading the package takes seconds on a busy machine.
jest.setTimeout(60_000);

async function start(words: Partial<ComputeOptions> = {}) {
  const server = await ComputeServer.start();
  const compute = await connectCompute({ project: 'p', endpoint: server.url, env: {}, ...words });
  const dispose = async (): Promise<void> => {
    await compute[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  return { server, compute, [Symbol.asyncDispose]: dispose };
}

test('internal load balancers carry the Service that they were made for', async () => {
  await using world = await start();
  const found = await world.compute.internalLoadBalancers();
  expect(found[0]).toEqual({
    name: 'a0000000000000000000000000000001',
    address: '10.150.0.6',
    protocol: 'TCP',
    ports: ['8080'],
    region: 'us-east4',
    service: 'istio-system/istio-pilot-ilb',
  });
  expect(found.map(({ service }) => service)).toEqual([
    'istio-system/istio-pilot-ilb',
    'kube-system/dns-ilb',
    undefined,
  ]);
});

test('an instance is found in all zones by its exact name, with its addresses', async () => {
  await using world = await start();
  expect(await world.compute.findInstance('istio-vm')).toEqual({
    name: 'istio-vm',
    id: '1234567890123456789',
    project: 'p',
    zone: 'us-east4-a',
    status: 'RUNNING',
    internalAddresses: ['10.150.0.5'],
    externalAddresses: ['35.197.1.2'],
  });
});

test('a missing instance is undefined, in one zone and in all', async () => {
  await using world = await start();
  expect(await world.compute.findInstance('nobody')).toBeUndefined();
  expect(await world.compute.findInstance('istio-vm', { zone: 'us-west1-a' })).toBeUndefined();
});

test('a name in several zones is a Problem that lists them; the zone decides', async () => {
  await using world = await start();
  const problem = await problemOf(world.compute.findInstance('twin'));
  expect(problem.id).toBe('instance-ambiguous');
  expect(problem.message).toBe('Project p has 2 instances named twin: in us-east4-a, us-east4-b.');
  expect(await world.compute.findInstance('twin', { zone: 'us-east4-b' })).toMatchObject({
    internalAddresses: ['10.150.0.12'],
  });
  await using zoned = await start({ zone: 'us-east4-a' });
  expect(await zoned.compute.findInstance('twin')).toMatchObject({ internalAddresses: ['10.150.0.11'] });
});

test('host keys are the lines that the VM published, or none', async () => {
  await using world = await start();
  const vm = await world.compute.findInstance('istio-vm');
  const other = await world.compute.findInstance('istio-vm-2');
  if (!vm || !other) throw new Error('the test server has both');
  expect(await world.compute.hostKeys(vm)).toEqual([
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHk',
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY',
  ]);
  expect(await world.compute.hostKeys(other)).toEqual([]);
});

test('the service range of a cluster comes from its record, in both families', async () => {
  await using world = await start();
  expect(await world.compute.serviceRange('c1')).toEqual(['10.63.240.0/20']);
  expect(await world.compute.serviceRange('dual')).toEqual(['10.8.0.0/20', 'fd00:8::/112']);
});

test('an unknown or ambiguous cluster is a Problem that names the existing ones', async () => {
  await using world = await start();
  expect((await problemOf(world.compute.serviceRange('gone'))).message).toMatch(
    /no cluster gone; it has: c1 \(us-east4-a\), dual/,
  );
  expect((await problemOf(world.compute.serviceRange('twin'))).id).toBe('cluster-ambiguous');
  await using zoned = await start({ zone: 'us-west1-b' });
  expect(await zoned.compute.serviceRange('twin')).toEqual(['10.2.0.0/20']);
});

test.each([
  [403, 'cloud-forbidden'],
  [503, 'cloud-failed'],
])('an answer of %d is a Problem: %s', async (answer, id) => {
  await using world = await start();
  world.server.faults.push({ on: /forwardingRules/, answer });
  const problem = await problemOf(world.compute.internalLoadBalancers());
  expect(problem.id).toBe(id);
  expect(problem.message).toMatch(/list forwarding rules in project p: a fault of the test/);
});

test('a hanging API ends after the time limit, and at once on an interruption', async () => {
  await using world = await start({ timeoutMs: 200 });
  world.server.faults.push({ on: /instances|clusters/, answer: 'hang' });
  expect((await problemOf(world.compute.findInstance('istio-vm'))).message).toMatch(/no answer in time/);
  expect((await problemOf(world.compute.serviceRange('c1'))).message).toMatch(/no answer in time/);
  const stop = new AbortController();
  const asked = problemOf(world.compute.findInstance('istio-vm', {}, stop.signal));
  stop.abort();
  expect((await asked).id).toBe('cluster-request-interrupted');
});

test('the project is the given one, else that of the environment', async () => {
  await using server = await ComputeServer.start();
  await using named = await connectCompute({ project: 'p', endpoint: server.url, env: { GOOGLE_CLOUD_PROJECT: 'q' } });
  expect(named.project).toBe('p');
  await using fromEnvironment = await connectCompute({ endpoint: server.url, env: { GOOGLE_CLOUD_PROJECT: 'q' } });
  expect(fromEnvironment.project).toBe('q');
  expect((await problemOf(connectCompute({ endpoint: server.url, env: {} }))).id).toBe('project-unknown');
});

describe('forwarding rules of deleted Services', () => {
  const services = [{ apiVersion: 'v1', kind: 'Service', namespace: 'kube-system', name: 'dns-ilb' }];

  test('are waited for until they are gone', async () => {
    await using world = await start();
    const waiting = waitForForwardingRulesGone(world.compute, { services, wait: { timeoutMs: 10_000, intervalMs: 5 } });
    world.server.rules = [];
    await waiting;
    expect(world.server.requests.length).toBeGreaterThan(0);
  });

  test('are named when they are still there after the time', async () => {
    await using world = await start();
    const waiting = waitForForwardingRulesGone(world.compute, { services, wait: { timeoutMs: 20, intervalMs: 5 } });
    const problem = await problemOf(waiting);
    expect(problem.id).toBe('forwarding-rules-left');
    expect(problem.issues).toEqual(['a0000000000000000000000000000002 (10.150.0.7, kube-system/dns-ilb)']);
  });
});

test.each([
  ['--zone us-east4-a --project p', { zone: 'us-east4-a', project: 'p' }],
  ['--project=p --zone="us-east4-a"', { zone: 'us-east4-a', project: 'p' }],
  ['--quiet --project p', { project: 'p' }],
  ['', {}],
])('GCP_OPTS %j is read', (text, expected) => {
  expect(parseGcpOptions(text)).toEqual(expected);
});

test('the Service of a forwarding rule is read out of its description', () => {
  expect(serviceOf('{"kubernetes.io/service-name":"a/b","kubernetes.io/service-ip":"10.0.0.1"}')).toBe('a/b');
  expect(serviceOf('made by hand')).toBeUndefined();
});

/** What the inventory of a fleet may touch. */
function worldOf(server: ComputeServer): World {
  const env = { MESHX_COMPUTE_ENDPOINT: server.url, GOOGLE_CLOUD_PROJECT: 'p' };
  const { signal } = new AbortController();
  return { env, signal, note: () => undefined, cwd: '/', home: '/', now: () => new Date(), version: '0' };
}

test('running instances with a label are hosts of the group, reached by their internal addresses', async () => {
  await using server = await ComputeServer.start();
  const { groups, hosts } = await computeInventory(worldOf(server), {
    compute: { labels: { role: 'web' } },
    group: 'web',
  });
  expect(groups).toEqual({ web: ['web-a', 'web-b', 'web-c'] });
  expect(hosts['web-c']).toEqual({ address: '10.150.0.23' });
});

test('a zone and an instance group leave only their instances', async () => {
  await using server = await ComputeServer.start();
  const compute = { labels: { role: 'web' }, zone: 'us-east4-a' };
  const inZone = await computeInventory(worldOf(server), { compute, group: 'web' });
  expect(inZone.groups).toEqual({ web: ['web-a', 'web-b'] });
  const inGroup = await computeInventory(worldOf(server), {
    compute: { ...compute, 'instance-group': 'web-ig' },
    group: 'web',
  });
  expect(inGroup.groups).toEqual({ web: ['web-a'] });
});

test('an instance group without its zone, and one that does not exist, are Problems', async () => {
  await using server = await ComputeServer.start();
  const none = computeInventory(worldOf(server), { compute: { 'instance-group': 'web-ig' }, group: 'web' });
  expect((await problemOf(none)).message).toContain('an instance group needs its zone');
  const missing = computeInventory(worldOf(server), {
    compute: { 'instance-group': 'no-ig', zone: 'us-east4-a' },
    group: 'web',
  });
  expect((await problemOf(missing)).id).toBe('cloud-failed');
});

test('two instances of one name are refused, as one of them would be lost', async () => {
  await using server = await ComputeServer.start();
  const all = computeInventory(worldOf(server), { compute: {}, group: 'web' });
  expect((await problemOf(all)).message).toContain('us-east4-a and us-east4-b each have an instance twin');
  const inZone = await computeInventory(worldOf(server), { compute: { zone: 'us-east4-b' }, group: 'web' });
  expect(inZone.groups['web']).toContain('twin');
});

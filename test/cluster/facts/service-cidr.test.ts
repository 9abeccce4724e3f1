import { jest } from '@jest/globals';
import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { findServiceRange, type ServiceRangeOptions } from '../../../src/cluster/facts/service-cidr.ts';
import { FakeApiServer, type FakeApiOptions } from '../../support/fake-api-server.ts';
import { ComputeServer } from '../../support/compute-server.ts';
import { connectCompute } from '../../../src/cluster/compute/google-compute.ts';
import { problemOf } from '../../support/problem.ts';

// Loading the package takes seconds on a busy machine.
jest.setTimeout(60_000);

async function start(options: FakeApiOptions) {
  const server = await FakeApiServer.start(options);
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  const range = (words: ServiceRangeOptions = {}) => findServiceRange(kube, words);
  return { server, range, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('the given range wins, and nothing is read', async () => {
  await using world = await start({ serviceCidr: '10.63.240.0/20', serviceCidrObject: true });
  const found = await world.range({ serviceCidr: '10.0.0.0/16,fd00:10::/112' });
  expect(found).toEqual({ cidrs: ['10.0.0.0/16', 'fd00:10::/112'], source: 'the range that was given' });
  expect(world.server.requests).toEqual([]);
});

test('ServiceCIDR objects come next, several ranges in their order', async () => {
  await using world = await start({ serviceCidr: '10.63.240.0/20,fd00:10::/112', serviceCidrObject: true });
  const found = await world.range();
  expect(found).toEqual({ cidrs: ['10.63.240.0/20', 'fd00:10::/112'], source: 'ServiceCIDR objects of lab' });
  expect(world.server.requests.map(({ method }) => method)).toEqual(['GET']);
});

test('the record at the cloud comes before the refusal, when a name is given', async () => {
  await using world = await start({ serviceCidr: '10.1.0.0/20' });
  await using cloud = await ComputeServer.start();
  await using compute = await connectCompute({ project: 'p', endpoint: cloud.url, env: {} });
  const found = await world.range({ cluster: 'c1', compute });
  expect(found).toEqual({ cidrs: ['10.63.240.0/20'], source: 'the record of cluster c1 in project p' });
  expect(world.server.requests.some(({ method }) => method === 'POST')).toBe(false);
});

test('the refusal of an impossible cluster IP is the last source; the object is never made', async () => {
  await using world = await start({ serviceCidr: '10.63.240.0/20' });
  const found = await world.range();
  expect(found).toEqual({ cidrs: ['10.63.240.0/20'], source: 'the API server of lab, which refused 1.1.1.1' });
  expect(world.server.mutations).toEqual([]);
});

test('the range is never guessed: the Problem has the answer of each source', async () => {
  await using world = await start({});
  const problem = await problemOf(world.range());
  expect(problem.id).toBe('service-range-unknown');
  expect(problem.issues[0]).toBe('lab has no ServiceCIDR');
  expect(problem.issues[1]).toBe('no name of the cluster at its cloud was given');
  expect(problem.issues[2]).toMatch(/^the API server of lab names no range/);
});

test('no right to read ServiceCIDR objects leads to the next source', async () => {
  await using world = await start({ serviceCidr: '10.63.240.0/20', denied: ['list servicecidrs'] });
  expect((await world.range()).source).toMatch(/refused 1\.1\.1\.1/);
});

test.each(['', '10.63.240.0', '10.63.240.1/20', '10.63.240.0/33', 'x; y'])(
  'the given range %j is refused',
  async (serviceCidr) => {
    await using world = await start({});
    expect((await problemOf(world.range({ serviceCidr }))).id).toBe('bad-cidr');
  },
);

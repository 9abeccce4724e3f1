import { connectLive } from '../../src/cluster/api/live/live-kubernetes.ts';
import { HeldLease, type LeaseTimes } from '../../src/cluster/lease/held-lease.ts';
import { createLease, leaseRef, readLease } from '../../src/cluster/lease/lease.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { problemOf } from '../support/problem.ts';
import { until } from '../host/contract.ts';

const place = { namespace: 'default', name: 'meshx-fleet-shop' };
const TIMES: LeaseTimes = { leaseMs: 2000, renewMs: 30, deadlineMs: 20_000 };

async function opened(server: FakeApiServer, times = TIMES) {
  const kube = connectLive({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  await createLease(kube, place);
  const about = { kube, place, now: () => new Date(), times };
  const seen = (await readLease(kube, place))!;
  return { kube, seen, about };
}

test('of two runs that saw a lease free, one takes it', async () => {
  await using server = await FakeApiServer.start();
  const { about, seen } = await opened(server);
  await using first = await HeldLease.take({ ...about, holder: 'anna/1' }, seen);
  expect((await problemOf(HeldLease.take({ ...about, holder: 'ben/2' }, seen))).id).toBe('object-changed-meanwhile');
  expect(first.lost).toBeUndefined();
});

test('creating a lease that is held leaves it alone', async () => {
  await using server = await FakeApiServer.start();
  const { kube, about, seen } = await opened(server);
  await using _held = await HeldLease.take({ ...about, holder: 'anna/1' }, seen);
  await createLease(kube, place);
  expect((await readLease(kube, place))?.holder).toBe('anna/1');
});

test('it is renewed, keeps its annotations, and is free at the end', async () => {
  await using server = await FakeApiServer.start();
  const { kube, about, seen } = await opened(server);
  const held = await HeldLease.take({ ...about, holder: 'anna/1' }, seen);
  const { renewed } = (await readLease(kube, place))!;
  expect(await held.annotate({ run: 'begun' })).toBe(true);
  await until(async () => (await readLease(kube, place))?.renewed !== renewed);
  await held[Symbol.asyncDispose]();
  const free = (await readLease(kube, place))!;
  expect({ holder: free.holder, annotations: free.annotations }).toEqual({
    holder: undefined,
    annotations: { run: 'begun' },
  });
});

test('it is lost when another takes it over, and when it cannot be renewed in time', async () => {
  await using server = await FakeApiServer.start();
  const { kube, about, seen } = await opened(server, { ...TIMES, renewMs: 60_000 });
  await using dead = await HeldLease.take({ ...about, holder: 'anna/1' }, seen);
  const held = (await readLease(kube, place))!;
  await using taken = await HeldLease.take({ ...about, holder: 'ben/2', times: { ...TIMES, deadlineMs: 300 } }, held);
  expect(await dead.annotate({})).toBe(false);
  expect(dead.lost).toBeDefined();
  server.fail({ on: /leases/, answer: 500 });
  await until(() => Promise.resolve(taken.lost !== undefined));
  expect(taken.lost).toMatch(/^it could not be renewed for/);
  expect(await taken.annotate({})).toBe(false);
});

test('it is lost at once when another deletes it, without asking again and again', async () => {
  await using server = await FakeApiServer.start();
  const { kube, about, seen } = await opened(server, { ...TIMES, renewMs: 60_000, deadlineMs: 1000 });
  await using held = await HeldLease.take({ ...about, holder: 'anna/1' }, seen);
  await kube.delete(leaseRef(place));
  const before = server.requests.length;
  expect(await held.annotate({})).toBe(false);
  expect(held.lost).toBe('it was deleted by another');
  expect(server.requests.length - before).toBeLessThan(5);
});

test('one that was removed is not written again at its end', async () => {
  await using server = await FakeApiServer.start();
  const { kube, about, seen } = await opened(server);
  {
    await using held = await HeldLease.take({ ...about, holder: 'anna/1' }, seen);
    await held.remove();
  }
  expect(await readLease(kube, place)).toBeUndefined();
  expect(server.requests.at(-2)?.method).toBe('DELETE');
});

import { AddressWatch } from '../../../src/agent/machine/address-watch.ts';
import type { RootAnswer } from '../../../src/agent/machine/root.ts';

/** A machine whose addresses change, and what the watch does there. */
function machine(more: { readonly observe?: boolean; readonly joined?: string } = {}) {
  const world = {
    own: ['10.0.0.5'],
    registered: '10.0.0.5',
    answer: { outcome: 'done', reason: '' } as RootAnswer,
    calls: [] as string[],
  };
  const access = {
    own: () => world.own,
    registered: () => world.registered,
    follow: () => {
      world.calls.push('follow');
      return Promise.resolve(world.answer);
    },
    say: ({ reason }: { readonly reason: string }) => void world.calls.push(reason),
    log: (event: string) => void world.calls.push(event),
  };
  const watch = new AddressWatch(access, {
    ...{ address: '10.0.0.5', joined: '10.0.0.5', translated: false, observe: false, ...more },
    onLost: () => world.calls.push('recheck'),
    onMoved: () => world.calls.push('moved'),
  });
  return { world, watch };
}

test('a machine that keeps its address is left alone', async () => {
  const { world, watch } = machine();
  for (const now of [0, 2000, 60_000]) await watch.look(now);
  expect(world.calls).toEqual([]);
  expect(watch.deviations).toEqual([]);
});

test('an address that is away for a moment changes nothing', async () => {
  const { world, watch } = machine();
  world.own = [];
  await watch.look(0);
  await watch.look(2000);
  world.own = ['10.0.0.5'];
  await watch.look(4000);
  world.own = [];
  await watch.look(6000);
  expect(world.calls).toEqual([]);
});

test('an address that is gone is withdrawn after four seconds, and root restarts the sidecar', async () => {
  const { world, watch } = machine();
  world.own = ['10.0.0.9'];
  for (const now of [0, 2000, 4000, 6000]) await watch.look(now);
  expect(world.calls).toEqual(['address-lost', 'AddressLost', 'recheck', 'follow', 'address-follow']);
  expect(watch.deviations).toEqual([
    "this machine no longer has the address 10.0.0.5: the sidecar was restarted; run on the operator's machine: meshx up VM",
  ]);
  world.registered = '10.0.0.9';
  await watch.look(8000);
  expect(world.calls.slice(5)).toEqual(['address-changed', 'moved']);
});

test('root is asked again while it refuses, with its reason in the status', async () => {
  const { world, watch } = machine();
  world.own = [];
  world.answer = { outcome: 'refused', reason: 'no address of this machine routes to istiod' };
  for (let now = 0; now <= 30_000; now += 2000) await watch.look(now);
  expect(world.calls.filter((call) => call === 'follow')).toHaveLength(3);
  expect(watch.deviations[0]).toContain(': no address of this machine routes to istiod; run on');
});

test('the entry is compared again when the address returns', async () => {
  const { world, watch } = machine();
  world.own = [];
  for (const now of [0, 4000]) await watch.look(now);
  world.own = ['10.0.0.5'];
  await watch.look(6000);
  expect(world.calls.slice(-2)).toEqual(['address-back', 'recheck']);
  expect(watch.deviations).toEqual([]);
});

test('with observe nothing is asked of root', async () => {
  const { world, watch } = machine({ observe: true });
  world.own = [];
  for (const now of [0, 4000, 60_000]) await watch.look(now);
  expect(world.calls).toEqual(['address-lost', 'AddressLost', 'recheck']);
});

test('another address than that of the join is a deviation until the next join', () => {
  const { watch } = machine({ joined: '10.0.0.4' });
  expect(watch.deviations).toEqual([
    "the address 10.0.0.4 of the join is 10.0.0.5 now; to let the agent report to its new entry, run on the operator's machine: meshx up VM",
  ]);
});

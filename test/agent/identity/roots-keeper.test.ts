import { RootsKeeper } from '../../../src/agent/identity/roots-keeper.ts';
import type { RootAnswer } from '../../../src/agent/machine/root.ts';

const { signal } = new AbortController();
const MINUTE = 60_000;
const NOTHING: RootAnswer = { outcome: 'nothing to do', reason: '' };
const UNKNOWN: RootAnswer = { outcome: 'refused', reason: 'istiod has a certificate of an unknown root' };
const AWAITS: RootAnswer = { outcome: 'refused', reason: 'the sidecar gets a further root with its next certificate' };

/** A VM whose cluster and connection the test moves. */
function vm() {
  const world = { roots: 'old' as string | undefined, connected: true, answer: NOTHING, ms: 0 };
  const asked: string[] = [];
  const keeper = new RootsKeeper({
    meshRoots: () => Promise.resolve(world.roots),
    isConnected: () => Promise.resolve(world.connected),
    renew: () => {
      asked.push('renew');
      return Promise.resolve(world.answer);
    },
    ms: () => world.ms,
    log: () => undefined,
  });
  const pass = async (times = 1): Promise<void> => {
    for (let each = 0; each < times; each++) {
      await keeper.pass(signal, () => Promise.resolve(void asked.push('prepare')));
      world.ms += MINUTE;
    }
  };
  const looks = (): number => asked.splice(0).filter((word) => word === 'renew').length;
  return { world, keeper, asked, pass, looks };
}

test('has root look once at the start, and again when the roots change in the cluster', async () => {
  const { world, asked, pass, looks } = vm();
  await pass();
  expect(asked).toEqual(['prepare', 'renew']);
  looks();
  await pass(60);
  expect(looks()).toBe(0);
  world.roots = 'old and new';
  await pass();
  expect(looks()).toBe(1);
});

test('has root look each five minutes while the sidecar waits for a further root', async () => {
  const { world, keeper, pass, looks } = vm();
  await pass();
  looks();
  Object.assign(world, { roots: 'old and new', answer: AWAITS });
  await pass(21);
  expect(looks()).toBe(5);
  expect(keeper.status).toEqual({ issue: AWAITS.reason, isUntrusted: false });
  world.connected = false;
  await pass();
  expect(looks()).toBe(1);
  Object.assign(world, { connected: true, answer: NOTHING });
  await pass(6);
  expect(keeper.status).toEqual({ isUntrusted: false });
});

test('has root look when the sidecar is without a connection for two passes, also without an API server', async () => {
  const { world, keeper, pass, looks } = vm();
  world.roots = undefined;
  world.connected = false;
  await pass();
  expect(looks()).toBe(0);
  world.answer = UNKNOWN;
  await pass();
  expect(looks()).toBe(1);
  expect(keeper.status).toEqual({ issue: UNKNOWN.reason, isUntrusted: true });
  await pass();
  expect(looks()).toBe(0);
  await pass();
  expect(looks()).toBe(1);
});

test('forgets the issue when the sidecar is connected again', async () => {
  const { world, keeper, pass } = vm();
  world.connected = false;
  await pass(2);
  expect(keeper.status.issue).toBe('the sidecar has no connection to istiod');
  world.connected = true;
  await pass();
  expect(keeper.status.issue).toBeUndefined();
});

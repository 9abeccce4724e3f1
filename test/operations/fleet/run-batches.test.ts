import fc from 'fast-check';
import type { Batch } from '../../../src/fleet/batches.ts';
import type { VmWord } from '../../../src/fleet/record.ts';
import type { FleetEvent } from '../../../src/operations/fleet/event.ts';
import { type BatchRun, runBatches } from '../../../src/operations/fleet/run-batches.ts';
import { RunBook } from '../../../src/operations/fleet/run-record.ts';
import type { VmReport } from '../../../src/operations/vm-report.ts';
import type { World } from '../../../src/world.ts';

const report = (vm: string, status: VmReport['status']): VmReport => ({
  ...{ vm, status, ms: 1 },
  ...{ cluster: [], phases: [], results: [], notes: [], done: [] },
});

interface Played extends Partial<Omit<BatchRun, 'batches'>> {
  readonly batches: readonly (readonly string[])[];
  readonly bad?: readonly string[];
  readonly first?: boolean;
  readonly stop?: AbortController;
  readonly stopsAt?: string;
}

/** Runs batches of which the `bad` VMs fail, and counts how many run at once. */
async function played({ batches, bad = [], first = false, stop = new AbortController(), stopsAt, ...more }: Played) {
  const events: FleetEvent[] = [];
  let [now, most] = [0, 0];
  const began: string[] = [];
  const change = async (vm: string): Promise<VmReport> => {
    began.push(vm);
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    if (vm === stopsAt) stop.abort();
    return report(vm, bad.includes(vm) ? 'failed' : 'changed');
  };
  const run = { command: 'fleet apply', who: 'anna', plan: '', began: '', vms: {} };
  const members = Object.fromEntries(batches.flat().map((vm) => [vm, {}]));
  const book = new RunBook(undefined, { members, run });
  const world = { signal: stop.signal } as Pick<World, 'signal'> as World;
  const all: readonly Batch[] = batches.map((vms, index) => ({ vms, canary: first && index === 0 }));
  const observe = (event: FleetEvent): void => void events.push(event);
  const end = await runBatches({ ...{ world, batches: all, forks: 2, most: 0, book, observe, change }, ...more });
  const words = Object.fromEntries(end.ends.map(({ vm, status }) => [vm, status])) as Readonly<Record<string, VmWord>>;
  return { ...end, words, most, began, events, members: Object.keys(book.members) };
}

test('a failed canary starts no other VM, and a canary that works is watched before the next batch', async () => {
  const failed = await played({ batches: [['a'], ['b', 'c']], first: true, bad: ['a'], most: 10 });
  expect(failed).toMatchObject({
    words: { a: 'failed', b: 'skipped', c: 'skipped' },
    stopped: 'canary a failed',
    began: ['a'],
  });
  const checks: string[] = [];
  const canary = { seconds: 0, check: (vm: string) => Promise.resolve(checks.push(vm) > 1 ? ['no route'] : []) };
  const watched = await played({ batches: [['a', 'b'], ['c']], first: true, canary });
  expect(checks).toEqual(['a', 'b']);
  expect(watched).toMatchObject({
    words: { a: 'changed', b: 'failed', c: 'skipped' },
    stopped: 'canary b failed its checks (no route)',
  });
});

test('one failure more than allowed starts no other VM, of the same batch neither', async () => {
  const batches = [['a', 'b', 'c', 'd'], ['e']];
  const { words, stopped } = await played({ batches, bad: ['a', 'b'], most: 1, forks: 1 });
  expect(words).toEqual({ a: 'failed', b: 'failed', c: 'skipped', d: 'skipped', e: 'skipped' });
  expect(stopped).toBe('2 VMs failed, and max-fail is 1');
  expect((await played({ batches, bad: ['a', 'b'], most: 2, forks: 1 })).words['e']).toBe('changed');
});

test('Ctrl-C starts no other VM, and the one that has begun ends by itself', async () => {
  const { words, stopped } = await played({ batches: [['a'], ['b']], stopsAt: 'a' });
  expect({ words, stopped }).toEqual({
    words: { a: 'changed', b: 'skipped' },
    stopped: 'it was stopped by the operator',
  });
});

test('a bug on one VM is thrown after the others of its batch have ended', async () => {
  const ended: string[] = [];
  const change = async (vm: string): Promise<VmReport> => {
    if (vm === 'a') throw new TypeError('a bug');
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(vm);
    return report(vm, 'changed');
  };
  await expect(played({ batches: [['a', 'b'], ['c']], change })).rejects.toThrow('a bug');
  expect(ended).toEqual(['b']);
});

test('never more VMs at once than forks, none twice, and none after the limit of failures is passed', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{2}$/), { minLength: 1, maxLength: 12 });
  const forks = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(names, { maxLength: 4 }),
      forks,
      fc.integer({ min: 0, max: 4 }),
      fc.func(fc.boolean()),
      async (groups, limit, allowed, fails) => {
        const batches = groups.map((group, index) => group.map((name) => `${name}${index}`));
        const all = batches.flat();
        const found = await played({ batches, bad: all.filter((name) => fails(name)), forks: limit, most: allowed });
        expect(found.most).toBeLessThanOrEqual(limit);
        expect(new Set(found.began).size).toBe(found.began.length);
        const failures = Object.values(found.words).filter((word) => word === 'failed').length;
        // VMs that ran beside the one that passed the limit may fail too.
        expect(failures).toBeLessThanOrEqual(allowed + limit);
        expect(found.stopped !== undefined).toBe(failures > allowed);
        expect(Object.keys(found.words).sort()).toEqual([...all].sort());
      },
    ),
    { numRuns: 50 },
  );
});

test('a VM with an excuse is skipped with its reason, stops no other, and is not watched as a canary', async () => {
  const checked: string[] = [];
  const canary = { seconds: 0, check: (vm: string) => Promise.resolve((checked.push(vm), [])) };
  const excuse = ({ vm, status }: VmReport<unknown>) =>
    status === 'failed' && vm !== 'c' ? 'it has no earlier package' : undefined;
  const ran = await played({ batches: [['a'], ['b', 'c']], first: true, bad: ['a', 'c'], canary, excuse });
  expect(ran.words).toEqual({ a: 'skipped', b: 'changed', c: 'failed' });
  expect(ran.ends[0]).toEqual({ vm: 'a', status: 'skipped', reason: 'it has no earlier package' });
  expect(checked).toEqual([]);
});

test('a VM whose excuse is that it has left is no member any more', async () => {
  const excuse = ({ vm }: VmReport<unknown>) => (vm === 'a' ? 'it is in no mesh any more' : undefined);
  const member: BatchRun['member'] = (of) => (of === undefined || of.status === 'failed' ? undefined : null);
  const ran = await played({ batches: [['a', 'b', 'c']], bad: ['c'], most: 1, excuse, member });
  expect(ran.words).toEqual({ a: 'skipped', b: 'changed', c: 'failed' });
  expect(ran.members).toEqual(['c']);
});

import fc from 'fast-check';
import { EventRate } from '../../../src/agent/report/events.ts';
import { Pace } from '../../../src/agent/report/pace.ts';
import { anEntry } from './support.ts';

const FAILED = { kind: 'failed', reason: 'x' } as const;
const SAME = { kind: 'same', entry: anEntry(), postponed: false } as const;
const MISSING = { kind: 'missing', orphan: false } as const;
const WRITTEN = { kind: 'written', entry: anEntry(), changed: [] } as const;

test('failures make the pause longer up to ten seconds, and a success ends that', () => {
  const pace = new Pace(() => 1);
  const pauses = Array.from({ length: 9 }, () => pace.after(FAILED, false, 0).firm);
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000]);
  expect(pace.after(WRITTEN, true, 0).firm).toBe(100);
  expect(pace.after(FAILED, false, 0).firm).toBe(500);
});

test('the first refusal after an outage is tried again within two seconds, and refusals alone slow down up to a minute', () => {
  const pace = new Pace(() => 1);
  for (let count = 0; count < 20; count++) pace.after(FAILED, false, 0);
  const refusals = Array.from({ length: 9 }, () => pace.after({ kind: 'refused', reason: 'x' }, false, 0).firm);
  expect(refusals).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
  expect(pace.after(FAILED, false, 0).firm).toBe(10_000);
  expect(pace.after(WRITTEN, true, 0).firm).toBe(100);
  expect(pace.after({ kind: 'refused', reason: 'x' }, false, 0).firm).toBe(2000);
});

test('an API server that is late is asked ever more rarely, up to half a minute', () => {
  const pace = new Pace(() => 1);
  const pauses = Array.from({ length: 9 }, () => pace.after({ ...FAILED, isLate: true }, false, 0).firm);
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(pace.after(FAILED, false, 0).firm).toBe(10_000);
});

test('every pause after a failure is spread from zero to its limit', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 60 }), (random, failures) => {
      const pace = new Pace(() => random);
      const pauses = Array.from({ length: failures }, () => pace.after(FAILED, false, 0));
      for (const { firm, soft } of pauses) {
        expect(firm).toBeGreaterThanOrEqual(0);
        expect(firm).toBeLessThanOrEqual(10_000 * random + 1e-6);
        expect(soft).toBe(0);
      }
    }),
  );
});

test('Retry-After comes before the random part', () => {
  expect(new Pace(() => 0).after({ ...FAILED, retryAfterMs: 3000 }, false, 0).firm).toBe(3000);
});

test('someone who undoes every write does not make the agent write without end', () => {
  const pace = new Pace(() => 0.5);
  const firm = Array.from({ length: 12 }, (_each, index) => pace.after(WRITTEN, true, index).firm);
  expect(firm.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 100));
  expect(firm.at(-1)).toBe(5000);
  expect(pace.after(WRITTEN, true, 60_000).firm).toBe(100);
});

test('without a watch the entry is read about every fifteen seconds, and one that is missing every three', () => {
  const [pace, early, late] = [new Pace(() => 0.5), new Pace(() => 0), new Pace(() => 1)];
  expect(pace.after(SAME, false, 0)).toEqual({ firm: 100, soft: 15_000 });
  expect(pace.after(SAME, true, 0).soft).toBe(60_000);
  expect([early.after(SAME, false, 0).soft, late.after(SAME, false, 0).soft]).toEqual([11_250, 18_750]);
  expect(pace.after(MISSING, true, 0)).toEqual({ firm: 100, soft: 3000 });
});

test('conflicts in a row make the pause longer up to a second, and anything else ends that', () => {
  const pace = new Pace(() => 1);
  const pauses = (): readonly unknown[] => Array.from({ length: 3 }, () => pace.after({ kind: 'conflict' }, true, 0));
  const expected = [500, 1000, 1000].map((firm) => ({ firm, soft: 0 }));
  expect(pauses()).toEqual(expected);
  pace.after(SAME, true, 0);
  expect(pauses()).toEqual(expected);
});

test('writes are counted for ten seconds, and reads are not', () => {
  const pace = new Pace(() => 0.5);
  for (let second = 0; second < 10; second++) expect(pace.after(WRITTEN, true, second).firm).toBe(100);
  expect(pace.after(SAME, true, 10).firm).toBe(100);
  expect(pace.after(WRITTEN, true, 9999).firm).toBe(5000);
  expect(pace.after(WRITTEN, true, 20_000).firm).toBe(100);
});

test('a sidecar is asked to connect again ever more rarely, and anew for the next entry that is missing', () => {
  const pace = new Pace(() => 0.5);
  const due = (until: number): readonly number[] =>
    Array.from({ length: until }, (_each, second) => second).filter((second) =>
      pace.reconnectDue(false, second * 1000),
    );
  expect(due(120)).toEqual([5, 15, 35, 75]);
  pace.after(WRITTEN, true, 120_000);
  expect(pace.reconnectDue(false, 121_000)).toBe(false);
  expect(pace.reconnectDue(false, 126_000)).toBe(true);
  expect(pace.reconnectDue(true, 999_000)).toBe(false);
});

test('ten events a minute are sent', () => {
  const rate = new EventRate();
  const allowed = Array.from({ length: 20 }, (_each, index) => rate.allow(index));
  expect(allowed.filter(Boolean)).toHaveLength(10);
  expect(rate.allow(61_000)).toBe(true);
});

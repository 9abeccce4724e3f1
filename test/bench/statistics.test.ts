import fc from 'fast-check';
import { compare, quantile, summaryOf } from './statistics.ts';

const target = { reach: 0.9, hoped: 0.6 };
const around = (middle: number): readonly number[] => [0.98, 0.99, 1, 1.01, 1.02].map((share) => share * middle);

test('the median and the quartiles of an odd and of an even number of samples', () => {
  expect(summaryOf([5, 1, 4, 2, 3])).toEqual({ count: 5, median: 3, low: 2, high: 4 });
  expect(summaryOf([1, 2, 3, 4])).toEqual({ count: 4, median: 2.5, low: 1.75, high: 3.25 });
  expect(summaryOf([7])).toEqual({ count: 1, median: 7, low: 7, high: 7 });
  expect(summaryOf([])).toBeUndefined();
});

test('a quantile lies within the samples, grows with its share, and does not depend on their order', () => {
  const samples = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 });
  const property = fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
    const value = quantile(all, share);
    expect(value).toBeGreaterThanOrEqual(Math.min(...all) - 1e-9);
    expect(value).toBeLessThanOrEqual(Math.max(...all) + 1e-9);
    expect(quantile(all.toReversed(), share)).toBe(value);
    expect(quantile(all, 1)).toBeGreaterThanOrEqual(value - 1e-9);
  });
  fc.assert(property);
});

test.each([
  [50, 'stretch'],
  [80, 'reached'],
  [95, 'missed'],
  [150, 'missed'],
])('%i against 100 with a target of 0.9 and a stretch of 0.6: %s', (ours, verdict) => {
  expect(compare(around(ours), around(100), target)).toMatchObject({ ratio: ours / 100, verdict });
});

test('where the spreads of a pair cross the verdict is unclear, whatever the medians say', () => {
  const wide = [20, 40, 50, 99, 120];
  expect(compare(wide, [60, 90, 100, 101, 130], target)).toMatchObject({ ratio: 0.5, verdict: 'unclear' });
});

test('for a target above 1 two equal sides have reached it, and those that cross at the target are unclear', () => {
  const slower = { reach: 1.4, hoped: 1.15 };
  expect(compare(around(100), around(100), slower).verdict).toBe('stretch');
  expect(compare(around(130), around(100), slower).verdict).toBe('reached');
  expect(compare(around(140), around(100), slower).verdict).toBe('unclear');
  expect(compare(around(180), around(100), slower).verdict).toBe('missed');
});

test('few samples, or none, give no verdict; without a target there is none either', () => {
  expect(compare(around(50).slice(1), around(100), target).verdict).toBe('too few');
  expect(compare([], around(100), target)).toMatchObject({ ratio: undefined, verdict: 'not measured' });
  expect(compare(around(50), around(100)).verdict).toBeUndefined();
});

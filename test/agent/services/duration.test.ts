import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../src/agent/services/duration.ts';

test.each([
  ['250ms', 250],
  ['1s', 1000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['0s', 0],
  ['90s', 90_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '1', 's', '1.5s', '-1s', '01s', '1 s', '1S', '1d', '1s\n', '9999999999s', '1e3ms'])(
  '%j is not a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('a duration that is written is read back alike', () => {
  fc.assert(
    fc.property(fc.nat(100_000_000), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { formatDuration, parseDuration, parseLimit } from '../../src/mesh/duration.ts';

test.each([
  ['250ms', 250],
  ['1s', 1000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['0s', 0],
  ['1m30s', 90_000],
  ['0.5s', 500],
  ['0.29s', 290],
  ['1.001h', 3_603_600],
  ['01s', 1000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '1', 's', '0', '-1s', '.5s', '1.s', '1 s', '1S', '1d', '1s\n', '9999999999s', '1e3ms', '0.5ms', '1us'])(
  '%j is not a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('a limit of zero is none', () => {
  expect(['0s', '0.0h0ms', '1ms', 'x'].map(parseLimit)).toEqual([undefined, undefined, 1, undefined]);
});

const SIZES = { h: 3_600_000n, m: 60_000n, s: 1000n, ms: 1n } as const;

const part = fc
  .record({
    whole: fc.nat(999_999),
    fraction: fc.option(fc.stringMatching(/^\d{1,9}$/), { nil: undefined }),
    unit: fc.constantFrom('h', 'm', 's', 'ms'),
  })
  .map(({ whole, fraction, unit }) => ({
    text: `${whole}${fraction === undefined ? '' : `.${fraction}`}${unit}`,
    // In billionths of a millisecond.
    size: (BigInt(whole) * 10n ** 9n + BigInt((fraction ?? '').padEnd(9, '0'))) * SIZES[unit],
  }));

test('a duration is the sum of its parts to the millisecond, and what is written is read back alike', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.nat(100_000_000), (parts, ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
      const total = parts.reduce((sum, { size }) => sum + size, 0n);
      const isWhole = parts.every(({ size }) => size % 10n ** 9n === 0n);
      const read = parseDuration(parts.map(({ text }) => text).join(''));
      expect(read).toBe(isWhole ? Number(total / 10n ** 9n) : undefined);
    }),
  );
});

test('no other source has a grammar of durations', () => {
  const folder = new URL('../../src', import.meta.url).pathname;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const others = files.filter((file) =>
    /\bms\|s\b|\[s?m?h?ms?\]\$|\(s\|m\|h/.test(readFileSync(join(folder, file), 'utf8')),
  );
  expect(others).toEqual(['mesh/duration.ts']);
});

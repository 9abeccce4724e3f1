/** Milliseconds of each unit, the largest first. */
const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** For messages. */
export const DURATION_FORM = 'numbers with units, such as 250ms, 1s, 1m30s or 1h';

const PART = /(\d{1,9})(?:\.(\d{1,9}))?(ms|s|m|h)/;
const WHOLE = new RegExp(`^(?:${PART.source})+$`);

/**
 * The duration in milliseconds, as Go and Istio read it: `250ms`, `1m30s`, `0.5h`. Undefined for any other text, and for parts of a
 * millisecond, which Istio refuses.
 */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  const parts = [...text.matchAll(new RegExp(PART, 'g'))];
  const total = parts.reduce((sum, [, whole, fraction, unit]) => sum + partOf(whole, fraction, unit), 0);
  return Number.isSafeInteger(total) ? total : undefined;
}

/** In whole numbers, as 0.29 * 100 is not 29. NaN if there is a part of a millisecond. */
function partOf(whole = '', fraction = '', unit = ''): number {
  const size = UNITS.find(([name]) => name === unit)?.[1] ?? Number.NaN;
  const rest = (Number(fraction) * size) / 10 ** fraction.length;
  return Number.isInteger(rest) ? Number(whole) * size + rest : Number.NaN;
}

/** The same of a limit, where zero is none: undefined too. */
export function parseLimit(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms === 0 ? undefined : ms;
}

/** The duration in the largest unit that divides it, which parseDuration reads back. Takes whole milliseconds. */
export function formatDuration(ms: number): string {
  const [name, size] = UNITS.find(([, each]) => ms > 0 && ms % each === 0) ?? ['s', 1000];
  return `${ms / size}${name}`;
}

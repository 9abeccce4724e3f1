/** Milliseconds of each unit, the largest first. */
const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** For messages. */
export const DURATION_FORM = 'a whole number with a unit, such as 250ms, 1s, 2m or 1h';

/** Milliseconds of `250ms`, `1s`, `2m` or `1h`; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  const [, digits = '', unit] = /^(0|[1-9]\d{0,8})(ms|s|m|h)$/.exec(text) ?? [];
  const found = UNITS.find(([name]) => name === unit);
  return found && Number(digits) * found[1];
}

/** The duration in the largest unit that divides it, which parseDuration reads back. Takes whole milliseconds. */
export function formatDuration(ms: number): string {
  const [name, size] = UNITS.find(([, each]) => ms > 0 && ms % each === 0) ?? ['s', 1000];
  return `${ms / size}${name}`;
}

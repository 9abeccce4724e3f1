const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** How long ago a time was, as kubectl shows it: `42s`, `3m`, `5h`, `12d`; `-` without a time. */
export function age(time: string | undefined, now: string): string {
  return time === undefined ? '-' : duration((Date.parse(now) - Date.parse(time)) / 1000);
}

/** How long it is until a time: `23h`; `over` once it has passed; `-` without a time. */
export function left(time: string | undefined, now: string): string {
  if (time === undefined) return '-';
  const seconds = (Date.parse(time) - Date.parse(now)) / 1000;
  return seconds <= 0 ? 'over' : duration(seconds);
}

function duration(given: number): string {
  const seconds = Math.max(0, given);
  // Twice the unit: 90 minutes say more than 1 h.
  const [name, size] = UNITS.find(([, each]) => seconds >= 2 * each) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${name}`;
}

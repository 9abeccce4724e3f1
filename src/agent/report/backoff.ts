/** Milliseconds. The longest pause is short: agents report soon after an outage of the API server. Jitter spreads them. */
const FIRST = 250;
const LONGEST = 10_000;

/** The pause after so many failures in a row: exponential, with full jitter. `random` is from 0 to 1. */
export function backoffMs(failures: number, random: number, longest = LONGEST, first = FIRST): number {
  return failures === 0 ? 0 : random * Math.min(longest, first * 2 ** Math.min(failures, 30));
}

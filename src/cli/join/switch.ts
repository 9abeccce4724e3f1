import type { Input } from '../input.ts';

/** Seconds between arming and the confirmation, when nothing else is said. */
const DEFAULT_WITHIN = 90;

/** Reads --confirm-within; to be called before the input is accepted. */
export function confirmWithin(input: Input): number {
  return input.number('confirmWithin', [10, 3600]) ?? DEFAULT_WITHIN;
}

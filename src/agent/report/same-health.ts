import type { ServiceHealth } from '../health/health.ts';

/** Whether two reports say the same of the same services, in the same order. Pure. */
export function isSame(before: readonly ServiceHealth[] | undefined, now: readonly ServiceHealth[]): boolean {
  return before?.length === now.length && before.every((one, index) => isEqual(one, now[index]));
}

function isEqual(one: ServiceHealth, other: ServiceHealth | undefined): boolean {
  return (
    (['name', 'state', 'reason'] as const).every((key) => one[key] === other?.[key]) &&
    one.since.getTime() === other?.since.getTime()
  );
}

import type { Moment } from './health/health.ts';

/** The time on both clocks, asked whenever a decision needs it. */
export type Clock = () => Moment;

/** The machine's clocks. Milliseconds count from the start of the process and do not count while the machine is suspended. */
export const systemClock: Clock = () => ({ date: new Date(), ms: performance.now() });

/** Milliseconds by which the clocks may differ from what was expected before it counts as a pause. */
const TOLERANCE = 5000;

/**
 * Whether more happened between two moments than the expected milliseconds: the machine was suspended, the process was stopped, or
 * someone set the clock. What was observed before may no longer hold.
 */
export function isPause(before: Moment, after: Moment, expectedMs: number): boolean {
  const elapsed = after.ms - before.ms;
  const shown = after.date.getTime() - before.date.getTime();
  return elapsed - expectedMs > TOLERANCE || Math.abs(shown - elapsed) > TOLERANCE;
}

/** Common moments of timers, in milliseconds: the largest one that divides an interval is used. */
const GRIDS = [1000, 250] as const;
/** Milliseconds by which a timer may be late and still count as being on time. */
const LATE = 50;

/**
 * When to start again what started at a moment and is repeated at an interval; all in milliseconds of `Moment.ms`. Timers with round
 * intervals share their moments: to wake up costs more than a probe, and ten services then wake the process once a second.
 */
export function nextStart(startedMs: number, intervalMs: number): number {
  const wanted = startedMs + intervalMs;
  const grid = GRIDS.find((each) => intervalMs % each === 0);
  if (grid === undefined) return wanted;
  const nearest = Math.round(wanted / grid) * grid;
  return Math.abs(nearest - wanted) <= LATE ? nearest : Math.ceil(wanted / grid) * grid;
}

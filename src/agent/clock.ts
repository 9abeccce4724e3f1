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

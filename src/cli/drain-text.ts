import type { DrainedService } from '../vm/agent-drain.ts';

/** The table of `drain` and `undrain`: a header, and one row per service. */
export function drainRows(services: readonly DrainedService[]): readonly (readonly string[])[] {
  return [['SERVICE', 'STATE', 'REASON'], ...services.map(({ name, state, reason }) => [name, state, reason])];
}

import type { DrainEvent } from '../operations/drain.ts';
import type { Terminal } from '../terminal.ts';
import type { DrainedService } from '../vm/agent-drain.ts';

/** The table of `drain` and `undrain`: a header, and one row per service. */
export function drainRows(services: readonly DrainedService[]): readonly (readonly string[])[] {
  return [['SERVICE', 'STATE', 'REASON'], ...services.map(({ name, state, reason }) => [name, state, reason])];
}

/** Says what is waited for. Where no line counts down, it also says every 30 s how long it has been. */
export function tellDrain({ tell, live }: Pick<Terminal, 'tell' | 'live'>): (event: DrainEvent) => void {
  return (event) => {
    if (event.kind === 'waits') tell('normal', `waiting ${event.what}, for at most ${seconds(event.limitMs)}`);
    if (event.kind === 'still-waits' && live === undefined)
      tell('normal', `waiting ${event.what}, ${seconds(event.sinceMs)} of ${seconds(event.limitMs)}`);
  };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

import type { RootVerb } from './root.ts';
import type { UnitState } from './units.ts';

/** A way in which the machine differs from the join. */
export interface Deviation {
  readonly what: string;
  /** The request to root that puts it right. Absent: a person must decide. */
  readonly repair?: RootVerb;
}

/**
 * How the units differ from those of a joined VM. A unit that someone disabled or masked is a decision: it is shown, and nothing is
 * done. `units` is empty if systemd did not answer. Pure.
 */
export function unitDeviations(units: ReadonlyMap<string, UnitState>): readonly Deviation[] {
  return [...units].flatMap(([unit, { active, file }]) => {
    if (file === 'masked' || file === 'masked-runtime') return [{ what: `${unit} is masked` }];
    if (unit !== 'istio.service') return [];
    if (file === 'disabled') return [{ what: `${unit} is disabled` }];
    if (active !== 'failed' && active !== 'inactive') return [];
    return [{ what: `${unit} is ${active}`, repair: 'start-sidecar' as const }];
  });
}

/** Whether capture is on, so its rules and its resolver can be missing. Root decides whether they are. */
export function mayLackRules(units: ReadonlyMap<string, UnitState>): boolean {
  return units.get('meshx-capture.service')?.active === 'active';
}

/** Repairs of one kind within the window, after which the agent gives way to whatever undoes them. Milliseconds. */
const PATIENCE = { repairs: 5, window: 600_000 } as const;

/** The repairs of one verb that succeeded, on a clock that never jumps. */
export type RepairTimes = ReadonlyMap<RootVerb, readonly number[]>;

/** Whether the agent has put the same thing right so often that someone else must be undoing it. */
export function givesWay(times: RepairTimes, verb: RootVerb, now: number): boolean {
  return recent(times.get(verb) ?? [], now).length >= PATIENCE.repairs;
}

/** The times after one more repair. */
export function withRepair(times: RepairTimes, verb: RootVerb, now: number): RepairTimes {
  return new Map([...times, [verb, [...recent(times.get(verb) ?? [], now), now]]]);
}

function recent(times: readonly number[], now: number): readonly number[] {
  return times.filter((time) => now - time < PATIENCE.window);
}

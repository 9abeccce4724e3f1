/**
 * `starting`: not judged yet, kept out of rotation. `degraded`: in rotation, with a remark (read-only, replica lag). `draining`: out
 * of rotation on request while open connections end; `drained`: they have ended.
 *
 * @public
 */
export type ServiceState = 'starting' | 'ready' | 'degraded' | 'down' | 'draining' | 'drained';

/** The health of one service, as it is reported and shown. */
export interface ServiceHealth {
  readonly name: string;
  readonly state: ServiceState;
  readonly since: Date;
  /** Why it is in this state, in the words of the last probe that mattered. Empty when there is nothing to say. */
  readonly reason: string;
}

/** What one probe found. Matches the result of a probe. */
export interface Observation {
  readonly outcome: 'ok' | 'degraded' | 'failed';
  readonly reason: string;
}

/** How many equal observations in a row change the state. */
export interface HealthPolicy {
  readonly rise: number;
  readonly fall: number;
}

/** One moment on both clocks: `date` is shown, `ms` never jumps and measures how long something lasted. */
export interface Moment {
  readonly date: Date;
  readonly ms: number;
}

/** The health of one service with what the next decision needs. */
export interface HealthRecord extends ServiceHealth {
  /** Successes in a row (ok or degraded), and when they began. */
  readonly successes: number;
  readonly succeedingSince: number;
  readonly failures: number;
  /** The last outcome, and how often in a row. */
  readonly outcome?: Observation['outcome'];
  readonly repeated: number;
  /** When the service went down from rotation, or returned from there, within the last ten minutes. */
  readonly changes: readonly number[];
}

/** More changes than this within the window make a return to rotation wait for `CALM`. Milliseconds. */
export const FLAPPING = { changes: 6, window: 600_000, calm: 30_000 } as const;

/** Whether clients may be given the service. */
export function isInRotation({ state }: Pick<ServiceHealth, 'state'>): boolean {
  return state === 'ready' || state === 'degraded';
}

/** A service that has not been probed yet. */
export function startHealth(name: string, { date, ms }: Moment): HealthRecord {
  const counts = { successes: 0, succeedingSince: ms, failures: 0, repeated: 0, changes: [] };
  return { name, state: 'starting', since: date, reason: 'not probed yet', ...counts };
}

/** The record after one more observation. A draining or drained service stays so, whatever is observed. */
export function observe(record: HealthRecord, policy: HealthPolicy, seen: Observation, at: Moment): HealthRecord {
  const counted = count(record, seen, at);
  const state = nextState(counted, policy, at);
  if (state === record.state) return { ...counted, reason: reasonIn(state, counted, seen) };
  return enter(counted, state, seen.reason, at);
}

/** Takes a service out of rotation on request. */
export function drain(record: HealthRecord, reason: string, at: Moment): HealthRecord {
  return record.state === 'drained' ? record : enter(record, 'draining', reason, at);
}

/** A draining service whose connections have ended, or whose limit is over. */
export function finishDrain(record: HealthRecord, reason: string, at: Moment): HealthRecord {
  return record.state === 'draining' ? enter(record, 'drained', reason, at) : record;
}

/** Ends a drain. The service must rise again, because no observation counted meanwhile. */
export function undrain(record: HealthRecord, at: Moment): HealthRecord {
  if (!isDrained(record)) return record;
  const anew = enter(record, 'starting', 'drain ended', at);
  return { ...anew, successes: 0, succeedingSince: at.ms, failures: 0, repeated: 0 };
}

/** The part that is reported. */
export function reported({ name, state, since, reason }: HealthRecord): ServiceHealth {
  return { name, state, since, reason };
}

/** Whether a return to rotation waits until the service has been calm. */
export function isFlapping(record: HealthRecord, at: Moment): boolean {
  return recent(record.changes, at).length > FLAPPING.changes;
}

function isDrained({ state }: ServiceHealth): boolean {
  return state === 'draining' || state === 'drained';
}

function count(record: HealthRecord, { outcome }: Observation, at: Moment): HealthRecord {
  const failed = outcome === 'failed';
  const repeated = outcome === record.outcome ? record.repeated + 1 : 1;
  const common = { ...record, outcome, repeated, changes: recent(record.changes, at) };
  if (failed) return { ...common, successes: 0, failures: record.failures + 1 };
  const succeedingSince = record.successes === 0 ? at.ms : record.succeedingSince;
  return { ...common, successes: record.successes + 1, succeedingSince, failures: 0 };
}

function nextState(record: HealthRecord, { rise, fall }: HealthPolicy, at: Moment): ServiceState {
  const { state, outcome, repeated, successes, failures, succeedingSince } = record;
  if (isDrained(record)) return state;
  if (failures >= fall) return 'down';
  const risen = outcome === 'degraded' ? 'degraded' : 'ready';
  // Between ready and degraded, `rise` equal observations decide as well.
  if (isInRotation(record)) return failures === 0 && repeated >= rise ? risen : state;
  const calm = !isFlapping(record, at) || at.ms - succeedingSince >= FLAPPING.calm;
  return successes >= rise && calm ? risen : state;
}

/** A state keeps its reason until an observation that agrees with the state has a newer one. */
function reasonIn(state: ServiceState, record: HealthRecord, seen: Observation): string {
  if (isDrained(record)) return record.reason;
  const agrees = isInRotation({ state }) ? (state === 'degraded') === (seen.outcome === 'degraded') : true;
  return agrees && !(isInRotation({ state }) && seen.outcome === 'failed') ? seen.reason : record.reason;
}

function enter(record: HealthRecord, state: ServiceState, reason: string, at: Moment): HealthRecord {
  if (state === record.state) return record;
  // Drains are planned, and a start is none: only a service that goes down and comes up again flaps.
  const crossed = isInRotation({ state }) !== isInRotation(record) && [state, record.state].includes('down');
  const changes = crossed ? [...recent(record.changes, at), at.ms] : record.changes;
  return { ...record, state, since: at.date, reason, changes };
}

function recent(changes: readonly number[], { ms }: Moment): readonly number[] {
  return changes.filter((change) => ms - change < FLAPPING.window);
}

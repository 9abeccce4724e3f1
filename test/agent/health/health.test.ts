import fc from 'fast-check';
import {
  drain,
  finishDrain,
  FLAPPING,
  type HealthPolicy,
  type HealthRecord,
  isFlapping,
  isInRotation,
  type Moment,
  type Observation,
  observe,
  reported,
  startHealth,
  undrain,
} from '../../../src/agent/health/health.ts';

const at = (ms: number): Moment => ({ ms, date: new Date(1_700_000_000_000 + ms) });
const POLICY: HealthPolicy = { rise: 2, fall: 3 };
const ok: Observation = { outcome: 'ok', reason: 'connected' };
const failed: Observation = { outcome: 'failed', reason: 'connection refused' };
const degraded: Observation = { outcome: 'degraded', reason: 'read-only' };

/** The record after these observations, one each second. */
function after(seen: readonly Observation[], policy = POLICY): HealthRecord {
  return seen.reduce(
    (record, each, index) => observe(record, policy, each, at((index + 1) * 1000)),
    startHealth('db', at(0)),
  );
}

test('a service is out of rotation until it has succeeded `rise` times', () => {
  expect(startHealth('db', at(0))).toMatchObject({ state: 'starting', reason: 'not probed yet', changes: [] });
  expect(isInRotation(startHealth('db', at(0)))).toBe(false);
  expect(after([ok]).state).toBe('starting');
  expect(reported(after([ok, ok]))).toEqual({ name: 'db', state: 'ready', since: at(2000).date, reason: 'connected' });
});

test('it is down after `fall` failures in a row, and not earlier', () => {
  expect(after([ok, ok, failed, failed]).state).toBe('ready');
  expect(after([ok, ok, failed, failed, ok, failed, failed]).state).toBe('ready');
  expect(reported(after([ok, ok, failed, failed, failed]))).toEqual({
    name: 'db',
    state: 'down',
    since: at(5000).date,
    reason: 'connection refused',
  });
});

test('a failure that has not counted yet does not replace the reason of a ready service', () => {
  expect(after([ok, ok, failed]).reason).toBe('connected');
});

test('a down service shows the newest failure, and keeps the moment it went down', () => {
  const record = observe(after([failed, failed, failed]), POLICY, { ...failed, reason: 'timeout' }, at(9000));
  expect(record).toMatchObject({ state: 'down', since: at(3000).date, reason: 'timeout' });
});

test('a degraded service stays in rotation, and one remark alone does not change its state', () => {
  expect(after([ok, ok, degraded]).state).toBe('ready');
  expect(after([ok, ok, degraded, degraded])).toMatchObject({ state: 'degraded', reason: 'read-only' });
  expect(after([ok, ok, degraded, degraded, ok]).reason).toBe('read-only');
  expect(after([ok, ok, degraded, degraded, ok, ok])).toMatchObject({ state: 'ready', reason: 'connected' });
  expect(after([ok, ok, degraded]).reason).toBe('connected');
  const lagging = observe(after([degraded, degraded]), POLICY, { ...degraded, reason: 'lag 4 s' }, at(9000));
  expect(lagging).toMatchObject({ state: 'degraded', since: at(2000).date, reason: 'lag 4 s' });
  expect(observe(lagging, POLICY, failed, at(9500)).reason).toBe('lag 4 s');
  expect(after([degraded, degraded, ok, ok, degraded, degraded]).changes).toEqual([]);
});

test('a drain outlasts every observation, and its end demands that the service rises again', () => {
  const draining = drain(after([ok, ok]), 'by the operator', at(3000));
  expect(observe(draining, POLICY, ok, at(4000))).toMatchObject({ state: 'draining', reason: 'by the operator' });
  const drained = finishDrain(draining, 'no open connections', at(5000));
  expect(observe(drained, POLICY, failed, at(6000))).toMatchObject({ state: 'drained', since: at(5000).date });
  const anew = undrain(drained, at(7000));
  expect(anew).toMatchObject({ state: 'starting', reason: 'drain ended' });
  expect(drain(drained, 'again', at(7000))).toBe(drained);
  expect(drain(draining, 'again', at(4000))).toBe(draining);
  expect(observe(anew, POLICY, ok, at(8000)).state).toBe('starting');
  expect(observe(observe(anew, POLICY, ok, at(8000)), POLICY, ok, at(9000)).state).toBe('ready');
});

test('ending a drain that never began changes nothing', () => {
  const record = after([ok, ok]);
  expect(undrain(record, at(9000))).toBe(record);
  expect(finishDrain(record, '', at(9000))).toBe(record);
});

test('after more than six changes in ten minutes, a return to rotation waits for 30 s of successes', () => {
  const cycle = [ok, ok, failed, failed, failed];
  const flapping = after([...cycle, ...cycle, ...cycle, ...cycle]);
  expect(isFlapping(flapping, at(20_000))).toBe(true);
  let record = flapping;
  let second = 20;
  while (!isInRotation(record)) record = observe(record, POLICY, ok, at((second += 1) * 1000));
  expect(second).toBe(21 + FLAPPING.calm / 1000);
});

test('drains are no flapping: after any number of them the service returns at once', () => {
  let [record, ms] = [after([ok, ok]), 2000];
  for (let round = 0; round < 10; round++) {
    record = drain(record, 'its unit stops', at((ms += 1000)));
    record = undrain(finishDrain(record, 'no open connections', at((ms += 1000))), at((ms += 1000)));
    for (const seen of [ok, ok]) record = observe(record, POLICY, seen, at((ms += 1000)));
    expect(record.state).toBe('ready');
  }
  expect(isFlapping(record, at(ms))).toBe(false);
});

test('changes that are older than ten minutes no longer delay a return', () => {
  const cycle = [ok, ok, failed, failed, failed];
  const flapping = after([...cycle, ...cycle, ...cycle, ...cycle]);
  const later = 20_000 + FLAPPING.window;
  const record = observe(observe(flapping, POLICY, ok, at(later)), POLICY, ok, at(later + 1000));
  expect(record.state).toBe('ready');
});

test('only a fall out of rotation or a rise from it is a change, and the seventh in ten minutes is one too many', () => {
  expect(after([failed, failed, failed]).changes).toEqual([]);
  expect(after([ok, ok, failed, failed, failed, ok, ok]).changes).toEqual([5000, 7000]);
  const record = { ...after([ok, ok]), changes: [0, 1, 2, 3, 4, 5, 6] };
  expect(isFlapping(record, at(7))).toBe(true);
  expect(isFlapping(record, at(FLAPPING.window - 1))).toBe(true);
  expect(isFlapping(record, at(FLAPPING.window))).toBe(false);
});

const observations = fc.array(
  fc.record({
    seen: fc.constantFrom(ok, failed, degraded),
    wait: fc.integer({ min: 200, max: 60_000 }),
  }),
  { maxLength: 120 },
);
const policies = fc.record({ rise: fc.integer({ min: 1, max: 5 }), fall: fc.integer({ min: 1, max: 5 }) });

/** Every record of a run with the observations that led to it, the newest last. */
function history(policy: HealthPolicy, run: readonly { readonly seen: Observation; readonly wait: number }[]) {
  let [record, ms] = [startHealth('db', at(0)), 0];
  return run.map(({ seen, wait }, index) => {
    const before = record;
    record = observe(record, policy, seen, at((ms += wait)));
    return { before, record, ms, newest: run.slice(0, index + 1).map((each) => each.seen.outcome) };
  });
}

test('whatever is observed: it enters rotation only by `rise` successes, and leaves it exactly at `fall` failures', () => {
  fc.assert(
    fc.property(policies, observations, (policy, run) => {
      for (const { before, record, newest } of history(policy, run)) {
        const [entered, left] = [
          !isInRotation(before) && isInRotation(record),
          isInRotation(before) && !isInRotation(record),
        ];
        if (entered)
          expect(newest.slice(-policy.rise).filter((outcome) => outcome !== 'failed')).toHaveLength(policy.rise);
        const fallen = newest.length >= policy.fall && newest.slice(-policy.fall).every((each) => each === 'failed');
        expect(isInRotation(before) && fallen).toBe(left);
        if (record.state === 'down') expect(isInRotation(record)).toBe(false);
      }
    }),
  );
});

test('whatever is observed: a flapping service is back only after 30 s without a failure', () => {
  fc.assert(
    fc.property(policies, observations, (policy, run) => {
      let lastFailure = 0;
      for (const { before, record, ms, newest } of history(policy, run)) {
        if (newest.at(-1) === 'failed') lastFailure = ms;
        const entered = !isInRotation(before) && isInRotation(record);
        if (entered && isFlapping(before, at(ms))) expect(ms - lastFailure).toBeGreaterThanOrEqual(FLAPPING.calm);
        expect(record.changes.every((change) => ms - change < FLAPPING.window)).toBe(true);
      }
    }),
  );
});

test('whatever is observed: the moment of the state moves exactly when the state does', () => {
  fc.assert(
    fc.property(policies, observations, (policy, run) => {
      for (const { before, record, ms } of history(policy, run)) {
        expect(record.since).toEqual(record.state === before.state ? before.since : at(ms).date);
      }
    }),
  );
});

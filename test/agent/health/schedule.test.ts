import fc from 'fast-check';
import { scheduleProbe } from '../../../src/agent/health/schedule.ts';
import type { Observation } from '../../../src/agent/health/health.ts';
import { type Clock, isPause, nextStart, systemClock } from '../../../src/agent/clock.ts';
import { until } from '../../host/contract.ts';

const ok: Observation = { outcome: 'ok', reason: 'connected' };

/** A schedule whose probe does what `ask` says. */
function scheduled(ask: (signal: AbortSignal) => Promise<Observation>, intervalMs = 20, limitMs = 1000) {
  const runs: { readonly started: number; readonly ended: number; readonly result: Observation }[] = [];
  const schedule = scheduleProbe({
    ...{ probe: { run: ask }, intervalMs: () => intervalMs, limitMs, delayMs: 0, clock: systemClock },
    onRun: ({ started, ended, result }) => runs.push({ started: started.ms, ended: ended.ms, result }),
  });
  const has = (count: number): Promise<void> => until(() => Promise.resolve(runs.length >= count));
  return { runs, has, schedule, [Symbol.dispose]: () => schedule.close() };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a probe runs again and again, never earlier than its interval', async () => {
  using it = scheduled(() => Promise.resolve(ok), 50);
  await it.has(5);
  const gaps = it.runs.slice(1).map(({ started }, index) => started - it.runs[index]!.started);
  // A timer of Node.js may fire up to 1 ms early.
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(48);
});

test('a probe that takes longer than the interval delays the next one instead of overlapping it', async () => {
  let [open, most] = [0, 0];
  using it = scheduled(async () => {
    most = Math.max(most, (open += 1));
    await wait(60);
    open -= 1;
    return ok;
  });
  await it.has(4);
  expect(most).toBe(1);
  for (const [index, { started }] of it.runs.slice(1).entries())
    expect(started).toBeGreaterThanOrEqual(it.runs[index]!.ended);
});

test('a probe that never answers fails at its limit, is aborted, and is asked again', async () => {
  const signals: AbortSignal[] = [];
  using it = scheduled(
    (signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    },
    20,
    50,
  );
  await it.has(2);
  expect(it.runs[0]?.result).toEqual({ outcome: 'failed', reason: 'no answer within 50 ms' });
  expect(signals[0]?.aborted).toBe(true);
});

test('a probe that throws counts as failed', async () => {
  using it = scheduled(() => Promise.reject(new Error('out of memory')));
  await it.has(2);
  expect(it.runs[0]?.result).toEqual({ outcome: 'failed', reason: 'probe error: out of memory' });
});

test('a probe that was under way when all are asked again no longer counts', async () => {
  let asked = 0;
  using it = scheduled(async (signal) => {
    const own = (asked += 1);
    if (own === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return { outcome: 'ok', reason: `answer ${own}` };
  });
  await until(() => Promise.resolve(asked === 1));
  it.schedule.again();
  await it.has(1);
  expect(it.runs[0]?.result.reason).toBe('answer 2');
});

test('a closed schedule aborts its probe and starts no other', async () => {
  let asked = 0;
  const signals: AbortSignal[] = [];
  const it = scheduled((signal) => {
    asked += 1;
    signals.push(signal);
    return new Promise(() => undefined);
  });
  await until(() => Promise.resolve(asked === 1));
  it.schedule.close();
  it.schedule.again();
  expect(signals[0]?.aborted).toBe(true);
  // Longer than the interval.
  await wait(100);
  expect([asked, it.runs.length]).toEqual([1, 0]);
});

test('after a long pause there is one probe, not one for each interval that was missed', async () => {
  // The clock of a machine that was away for an hour during the second probe.
  let [asked, away] = [0, 0];
  const clock: Clock = () => ({ ...systemClock(), ms: systemClock().ms + away });
  const started: number[] = [];
  const schedule = scheduleProbe({
    probe: {
      run: () => {
        asked += 1;
        if (asked === 2) away = 3_600_000;
        return Promise.resolve(ok);
      },
    },
    ...{ intervalMs: () => 100, limitMs: 1000, delayMs: 0, clock },
    onRun: (run) => started.push(run.started.ms),
  });
  await until(() => Promise.resolve(started.length >= 5));
  schedule.close();
  // The third is at once; those after it keep the interval.
  expect(started[4]! - started[3]!).toBeGreaterThanOrEqual(98);
});

test.each([
  ['an ordinary tick', 1000, 1000, false],
  ['a tick that a busy machine delayed', 4000, 4000, false],
  ['a machine that was suspended: its running clock stood still', 1000, 3_600_000, true],
  ['a process that was stopped', 30_000, 30_000, true],
  ['a clock that was set back', 1000, -60_000, true],
  ['a leap second', 1000, 2000, false],
])('%s', (_what, running, shown, paused) => {
  const before = { ms: 500, date: new Date(1_700_000_000_000) };
  const after = { ms: 500 + running, date: new Date(before.date.getTime() + shown) };
  expect(isPause(before, after, 1000)).toBe(paused);
});

test.each([
  ['a start on time', 5000, 1000, 6000],
  ['a timer that was late', 5030, 1000, 6000],
  ['a timer that was early', 4999.4, 1000, 6000],
  ['a first start at any moment moves to the common one', 5400, 1000, 7000],
  ['a quarter of a second', 5260, 250, 5500],
  ['half a minute', 5020, 30_000, 35_000],
  ['an interval that is not round keeps to itself', 5003, 333, 5336],
])('services with round intervals are probed at common moments: %s', (_what, started, interval, expected) => {
  expect(nextStart(started, interval)).toBe(expected);
});

test('whatever the start and the interval: the next start is at most 50 ms early and one second late', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.integer({ min: 200, max: 3_600_000 }),
      (started, interval) => {
        const gap = nextStart(started, interval) - started;
        expect(gap).toBeGreaterThanOrEqual(interval - 51);
        expect(gap).toBeLessThanOrEqual(interval + 1000);
      },
    ),
  );
});

import type { Verified } from '../../../src/operations/change/decision.ts';
import type { ChangeEvent } from '../../../src/operations/change/event.ts';
import type { Phase, PhaseKind } from '../../../src/operations/change/phases.ts';
import { ChangeRecord } from '../../../src/operations/change/record.ts';
import { Problem } from '../../../src/problems.ts';

const REF = { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'vm' };
const phase = (kind: PhaseKind, ...changes: readonly string[]): Phase => ({
  kind,
  id: kind,
  title: `The ${kind}`,
  changes,
});

function recorded() {
  const events: ChangeEvent<Verified>[] = [];
  return { events, record: new ChangeRecord<Verified>((event) => events.push(event)) };
}

/** Until the clock has moved on by so many milliseconds. */
async function passed(ms: number): Promise<void> {
  for (const start = performance.now(); performance.now() - start < ms;)
    await new Promise((done) => setImmediate(done));
}

test('a report has every result, note and phase in order, and the observer got each event', () => {
  const { events, record } = recorded();
  const sent: ChangeEvent<Verified>[] = [
    { kind: 'note', text: 'one' },
    { kind: 'result', result: { ok: true } },
    { kind: 'phase', phase: { ...phase('verify'), status: 'changed', seen: ['x'], ms: 3 } },
    { kind: 'draining', connections: { inward: 1, outward: 0 }, limitMs: 1 },
    { kind: 'note', text: 'two' },
  ];
  for (const event of sent) record.add(event);
  expect(events).toEqual(sent);
  expect(record.report('unchanged', undefined)).toEqual({
    ...{ status: 'unchanged', cluster: [], done: [], confirmed: false, rolledBack: false },
    ...{ notes: ['one', 'two'], results: [{ ok: true }] },
    phases: [{ ...phase('verify'), status: 'changed', seen: ['x'], ms: 3 }],
  });
});

test('a report with a Problem has failed, whatever was changed', () => {
  const problem = new Problem('x', { message: 'm', hint: 'h' });
  expect(recorded().record.report('changed', problem)).toMatchObject({ status: 'failed', problem });
  expect(recorded().record.report('changed', undefined)).not.toHaveProperty('problem');
});

test('only a confirmation that succeeded and a rollback that was made are reported as such', () => {
  const { record } = recorded();
  record.phase(phase('step'), 'changed', {});
  record.phase(phase('confirm'), 'failed', {});
  expect(record.report('changed', undefined)).toMatchObject({ confirmed: false, rolledBack: false });
  record.add({ kind: 'rolled-back', kept: false });
  record.phase(phase('confirm'), 'changed', {});
  expect(record.report('changed', undefined)).toMatchObject({ confirmed: true, rolledBack: true });
});

test('an ended phase has the lines of the plan, or those that it was given', () => {
  const { record } = recorded();
  record.phase(phase('step', 'a', 'b'), 'changed', { ms: 7 });
  record.phase(phase('step', 'a', 'b'), 'failed', { changes: ['a'], seen: ['x'] });
  expect(record.report('changed', undefined).phases).toEqual([
    { ...phase('step', 'a', 'b'), status: 'changed', seen: [], ms: 7 },
    { ...phase('step', 'a'), status: 'failed', seen: ['x'], ms: 0 },
  ]);
});

test('lasting changes are those of steps, drain, stop and return, after the writes to the cluster', () => {
  const { record } = recorded();
  const kinds: readonly PhaseKind[] = [
    ...(['take-over', 'drain', 'cluster', 'stop', 'step', 'arm'] as const),
    ...(['return', 'settle', 'verify', 'confirm', 'compare'] as const),
  ];
  for (const kind of kinds) record.phase(phase(kind, `line of ${kind}`), 'changed', {});
  record.phase(phase('stop', 'was not needed'), 'skipped', {});
  record.phase(phase('step', 'half', 'not made'), 'failed', { changes: ['half'] });
  record.written({ verb: 'created', ref: REF });
  const made = ['drain', 'stop', 'step', 'return'].map((kind) => `line of ${kind}`);
  expect(record.done()).toEqual(['created Service vm/web', ...made, 'half']);
  expect(record.report('changed', undefined)).toMatchObject({
    cluster: ['created Service vm/web'],
    done: record.done(),
  });
});

test('an absent phase does nothing and is not reported', async () => {
  const { events, record } = recorded();
  let ran = false;
  await record.during(undefined, async () => void (ran = true));
  expect([ran, events]).toEqual([false, []]);
});

test('a phase that ran has its time and what it observed', async () => {
  const { record } = recorded();
  await record.during(phase('drain', 'a'), async () => {
    await passed(15);
    return { seen: ['x'] };
  });
  await record.during(phase('stop', 'b'), async () => ({ seen: [], skipped: true }));
  await record.during(phase('settle'), async () => undefined);
  const [drain, ...others] = record.report('changed', undefined).phases;
  expect(drain).toEqual({ ...phase('drain', 'a'), status: 'changed', seen: ['x'], ms: expect.any(Number) });
  expect(drain?.ms).toBeGreaterThanOrEqual(15);
  expect(drain?.ms).toBeLessThan(10_000);
  expect(Number.isInteger(drain?.ms)).toBe(true);
  expect(others.map(({ status, seen }) => [status, seen])).toEqual([
    ['skipped', []],
    ['changed', []],
  ]);
});

test('a phase that fails has made none of its changes, and its failure goes on', async () => {
  const { record } = recorded();
  const failure = new RangeError('of the phase');
  const run = record.during(phase('drain', 'a'), async () => {
    await passed(15);
    throw failure;
  });
  await expect(run).rejects.toBe(failure);
  const [ended] = record.report('changed', undefined).phases;
  expect(ended).toMatchObject({ id: 'drain', status: 'failed', changes: [] });
  expect(ended?.ms).toBeGreaterThanOrEqual(15);
  expect(ended?.ms).toBeLessThan(10_000);
});

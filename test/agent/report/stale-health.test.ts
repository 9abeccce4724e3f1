import { StaleHealth, unhealthyReason } from '../../../src/agent/report/stale-health.ts';
import { anEntry } from './support.ts';

const CHECKED = { 'proxy.istio.io/health-checks-enabled': 'true' };
const condition = (status: string, more = {}): object => ({ type: 'Healthy', status, ...more });

test.each([
  ['without a probe', {}, undefined, undefined],
  ['that is healthy', CHECKED, [condition('True')], undefined],
  ['that is unhealthy', CHECKED, [condition('False', { message: 'timeout' })], 'timeout'],
  ['that is unhealthy without a message', CHECKED, [condition('False')], 'it gives no reason'],
  ['whose report was lost', CHECKED, [], 'it has no report of health'],
  ['whose status is missing', CHECKED, undefined, 'it has no report of health'],
  ['with a condition of another', CHECKED, [{ type: 'Other', status: 'False' }, condition('True')], undefined],
  ['whose conditions are no list', {}, 'x', undefined],
])('the reason of an entry %s', (_which, annotations, conditions, reason) => {
  const entry = { ...anEntry({ annotations }), status: { conditions } };
  expect(unhealthyReason(entry)).toBe(reason);
});

test('a difference is answered after its time, ever more rarely, and then no longer', () => {
  const health = new StaleHealth(10_000);
  const answers = Array.from({ length: 8000 }, (_each, second) => [second, health.differ(second * 1000)] as const);
  const when = (wanted: string): readonly number[] =>
    answers.filter(([, answer]) => answer === wanted).map(([second]) => second);
  expect(when('none')).toEqual(Array.from({ length: 10 }, (_each, second) => second));
  expect(when('reconnect')).toEqual([10, 70, 190, 430, 910]);
  expect(when('give way')).toEqual([1870]);
});

test('a difference that ended is forgotten', () => {
  const health = new StaleHealth(10_000);
  for (let second = 0; second < 3000; second += 1) health.differ(second * 1000);
  expect(health.agree()).toBe('none');
  expect(health.differ(3_000_000)).toBe('none');
  expect(health.differ(3_010_000)).toBe('reconnect');
});

test('a difference that cannot be judged for a while is given its time again, and the requests before count', () => {
  const health = new StaleHealth(10_000);
  health.hold(0);
  expect(health.differ(0)).toBe('none');
  health.hold(9000);
  expect(health.differ(18_000)).toBe('none');
  expect(health.differ(19_000)).toBe('reconnect');
  health.hold(78_000);
  expect(health.differ(87_000)).toBe('wait');
  expect(health.differ(88_000)).toBe('reconnect');
  expect(health.differ(88_000 + 119_000)).toBe('wait');
});

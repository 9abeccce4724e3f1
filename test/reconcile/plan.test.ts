import fc from 'fast-check';
import type { Output } from '../../src/host/run/host.ts';
import { isEmpty, isRestOf, plan, planHash, type Plan, summaries } from '../../src/reconcile/plan.ts';
import type { Step } from '../../src/reconcile/resource.ts';

const absent: Output = { exitCode: 0, stdout: '', stderr: '' };
const file = (path: string, content = 'x') => ({ kind: 'file', path, content, owner: 'root', mode: '0644' }) as const;
const steps: readonly Step[] = [
  { id: 'files', title: 'Files', wants: [file('/etc/a'), { kind: 'hosts', address: '10.0.0.1', names: ['istiod'] }] },
  { id: 'boot', title: 'Boot', wants: [{ kind: 'enabled', name: 'a.service', enabled: true }], when: 'after-checks' },
];
const facts = new Map([
  ['file:/etc/a', absent],
  ['hosts:istiod', absent],
  ['enabled:a.service', { ...absent, stdout: 'disabled\n' }],
]);

test('a plan is data: it survives JSON and keeps the order of the steps and what waits for the checks', () => {
  const planned = plan(steps, facts);
  expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
  expect(planned.steps.map(({ id, when }) => [id, when])).toEqual([
    ['files', undefined],
    ['boot', 'after-checks'],
  ]);
  expect(summaries(planned)).toEqual(['create /etc/a', 'map istiod to 10.0.0.1 in /etc/hosts', 'enable a.service']);
  expect(planned.steps[0]?.touches).toMatchObject({ paths: ['/etc/a', '/etc/hosts'] });
});

test('the hash names the plan, not the order of its keys', () => {
  const planned = plan(steps, facts);
  const turned = JSON.parse(JSON.stringify(planned), (_, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).reverse())
      : value,
  ) as Plan;
  expect(planHash(turned)).toBe(planHash(planned));
  expect(planHash(plan([{ ...(steps[0] as Step), wants: [file('/etc/a', 'y')] }], facts))).not.toBe(planHash(planned));
});

test('the same steps and facts give the same plan, for a thousand resources too', () => {
  const property = fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { maxLength: 50 }), (names) => {
    const many = [{ id: 's', title: 'S', wants: names.map((name) => file(`/etc/${name}`)) }];
    const found = new Map(names.map((name) => [`file:/etc/${name}`, absent]));
    expect(plan(many, found)).toEqual(plan(many, found));
    expect(isEmpty(plan(many, found))).toBe(names.length === 0);
  });
  fc.assert(property);
  const thousand = Array.from({ length: 1000 }, (_, n) => file(`/etc/${n}`));
  const planned = plan(
    [{ id: 's', title: 'S', wants: thousand }],
    new Map(thousand.map((each) => [`file:${each.path}`, absent])),
  );
  expect(summaries(planned)).toHaveLength(1000);
});

test('steps that contradict themselves are a bug, the same wish twice is none', () => {
  const wants = (...contents: readonly string[]) => [
    { id: 's', title: 'S', wants: contents.map((content) => file('/etc/a', content)) },
  ];
  expect(() => plan(wants('x', 'y'), facts)).toThrow('file:/etc/a is wanted in two different ways');
  expect(() => plan(wants('x', 'x'), facts)).not.toThrow();
});

test('a plan is what is left of another one when all its changes are in it, in that order', () => {
  const planOf = (...summaries: readonly string[]): Plan => ({
    steps: [{ id: 's', title: 'S', changes: summaries.map((summary) => ({ summary, scripts: [] })), touches: {} }],
  });
  const whole = planOf('a', 'b', 'c', 'b');
  for (const rest of [[], ['a', 'b', 'c', 'b'], ['b', 'c'], ['b', 'b'], ['c']])
    expect(isRestOf(planOf(...rest), whole)).toBe(true);
  for (const other of [['d'], ['b', 'a'], ['c', 'c'], ['a', 'b', 'c', 'b', 'a']])
    expect(isRestOf(planOf(...other), whole)).toBe(false);
});

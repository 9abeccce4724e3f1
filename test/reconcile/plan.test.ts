import fc from 'fast-check';
import type { Output } from '../../src/host/run/host.ts';
import { hashedChanges, isEmpty, isRestOf, plan, planHash, type Plan, summaries } from '../../src/reconcile/plan.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import type { Resource, Step } from '../../src/reconcile/resource.ts';

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

test('where an operator keeps a package, and how it is packed for its way, is no part of the hash; its digest is', () => {
  const marker = '/var/lib/meshx/package';
  const answer = { ...absent, stdout: 'x86_64\n--\n' };
  const planned = (more: object): Plan => {
    const about = { name: 'sidecar', format: 'deb', version: '1', architecture: 'all', verify: [], marker } as const;
    const want: Resource = {
      ...{ kind: 'package', ...about, sha256: sha256('published') },
      ...{ source: { file: '/home/ada/p.deb', sha256: sha256('published') }, ...more },
    };
    return plan([{ id: 'package', title: 'Package', wants: [want] }], new Map([['package:sidecar', answer]]));
  };
  const hashes = (each: Plan) => [planHash(each), hashedChanges(each)];
  const elsewhere = planned({ source: { file: '/home/ben/q.deb', sha256: sha256('packed in another way') } });
  expect(hashes(elsewhere)).toEqual(hashes(planned({})));
  expect(elsewhere.steps[0]?.changes[0]?.scripts[0]?.script.args[1]).toBe(sha256('packed in another way'));
  const another = planned({ sha256: sha256('another package') });
  expect(planHash(another)).not.toBe(planHash(planned({})));
  expect(isRestOf(another, planned({}))).toBe(false);
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

const stepOf = (...wants: readonly Resource[]): Step => ({ id: 's', title: 'S', wants });

test('a plan needs a fact of each resource', () => {
  expect(() => plan([stepOf(file('/etc/b'))], facts)).toThrow('no fact was gathered for file:/etc/b');
});

test('a step that is up to date touches nothing and has no changes', () => {
  const on = new Map([['enabled:a.service', { ...absent, stdout: 'enabled\n' }]]);
  const wants = [{ kind: 'enabled', name: 'a.service', enabled: true } as const];
  expect(plan([stepOf(...wants)], on)).toStrictEqual({
    steps: [{ id: 's', title: 'S', changes: [], touches: { paths: [], units: [], users: [], packages: [] } }],
  });
});

test('what a step touches is named once, and trees only where there are some', () => {
  const planned = plan([stepOf(file('/etc/a'), { kind: 'hosts', address: '10.0.0.1', names: ['istiod'] })], facts);
  expect(planned.steps[0]?.touches).toEqual({
    paths: [...new Set(planned.steps[0]?.touches.paths)],
    ...{ units: [], users: [], packages: [] },
  });
  const tree = { kind: 'directory', path: '/srv/d', owner: 'root', mode: '0755', contents: 'ours' } as const;
  const found = new Map([['directory:/srv/d', absent]]);
  expect(plan([stepOf(tree)], found).steps[0]?.touches.trees).toEqual(['/srv/d']);
});

test('units, users and packages that a step touches are named as such', () => {
  const wants = [
    { kind: 'enabled', name: 'a.service', enabled: true },
    { kind: 'user', name: 'proxy', home: '/x' },
    {
      ...({ kind: 'package', name: 'p', format: 'deb', version: '1', architecture: 'all', sha256: '0' } as const),
      ...{ source: { file: '/p.deb', sha256: '0' }, verify: [], marker: '/m' },
    },
  ] as const;
  const found = new Map([
    ['enabled:a.service', { ...absent, stdout: 'disabled\n' }],
    ['user:proxy', absent],
    ['package:p', { ...absent, stdout: 'x86_64\n\n--\n' }],
  ]);
  expect(plan([stepOf(...wants)], found).steps[0]?.touches).toMatchObject({
    ...{ units: ['a.service'], users: ['proxy'], packages: ['p'] },
  });
});

const unitFacts = (stdout: string) =>
  new Map([
    ['unit:a.service', { ...absent, stdout }],
    ['file:/etc/a', absent],
  ]);
const RUNNING =
  'LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nActiveEnterTimestampMonotonic=100000000\nUptime=200\n';

test('a unit is restarted because of a file that an earlier step, or something else, changes', () => {
  const unit = { kind: 'unit', name: 'a.service', reads: ['/etc/a'] } as const;
  const summariesOf = (steps: readonly Step[], changed?: ReadonlySet<string>) =>
    summaries(plan(steps, unitFacts(RUNNING), changed));
  expect(summariesOf([stepOf(unit)])).toEqual([]);
  expect(summariesOf([stepOf(file('/etc/a')), { ...stepOf(unit), id: 't' }])).toEqual([
    'create /etc/a',
    'restart a.service',
  ]);
  expect(summariesOf([stepOf(unit)], new Set(['path:/etc/a']))).toEqual(['restart a.service']);
});

test('several edits of one file build on each other', () => {
  const line = (text: string) => ({ kind: 'line', path: '/etc/l', line: text }) as const;
  const found = { ...absent, stdout: `root:root 0644\n${sha256('first\n')}\nfirst\n` };
  const planned = plan(
    [stepOf(line('one'), line('two'))],
    new Map([
      ['line:/etc/l:one', found],
      ['line:/etc/l:two', found],
    ]),
  );
  const last = planned.steps[0]?.changes.at(-1)?.scripts[0]?.stdin;
  expect(last).toContain('one\ntwo\n');
});

test('the same change in another step is not what is left of a plan', () => {
  const planOf = (id: string): Plan => ({
    steps: [{ id, title: 'S', changes: [{ summary: 'a', scripts: [] }], touches: {} }],
  });
  expect(isRestOf(planOf('s'), planOf('s'))).toBe(true);
  expect(isRestOf(planOf('t'), planOf('s'))).toBe(false);
});

test('a plan is empty only if no step of it has a change', () => {
  const changes = [{ summary: 'a', scripts: [] }];
  const some = { id: 's', title: 'S', touches: {} };
  expect(isEmpty({ steps: [] })).toBe(true);
  expect(isEmpty({ steps: [{ ...some, changes: [] }] })).toBe(true);
  expect(
    isEmpty({
      steps: [
        { ...some, changes: [] },
        { ...some, changes },
      ],
    }),
  ).toBe(false);
});

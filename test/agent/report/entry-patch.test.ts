import fc from 'fast-check';
import { entryPatch, formatState, type WantedEntry } from '../../../src/agent/report/entry-patch.ts';
import type { ServiceState } from '../../../src/agent/health/health.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { anEntry, health, HOLDER, MYSQL, NOW, OTHER_BOOT, patched, PORTS, WEB } from './support.ts';
import { formatHolder } from '../../../src/agent/report/fence.ts';
import { anyCharacter } from '../../support/any-character.ts';

const wanted = (more: Partial<WantedEntry> = {}): WantedEntry => ({
  entry: anEntry(),
  services: [],
  definitions: [MYSQL, WEB],
  ports: PORTS,
  holder: HOLDER,
  ...more,
});
const apply = (input: WantedEntry): KubeObject => patched(input.entry, entryPatch(input)?.body ?? {}) as KubeObject;
const portsOf = (entry: KubeObject): readonly string[] => Object.keys((entry['spec'] as { ports: object }).ports);

test('a service that is down loses its ports, and the other keeps its own', () => {
  const services = [health('mysqldb', 'ready'), health('web', 'down', 'connection refused')];
  const patch = entryPatch(wanted({ services }));
  expect(patch?.body.spec).toEqual({ ports: { 'http-8080': null, 'admin-9000': null } });
  expect(patch?.changed.map(({ service, isNews }) => [service.name, isNews])).toEqual([
    ['mysqldb', false],
    ['web', true],
  ]);
  expect(patch?.minor).toBe(false);
});

test('a service that is ready again gets its ports back', () => {
  const entry = anEntry({ ports: { 'mysql-3306': 3306 } });
  const services = [health('mysqldb', 'ready'), health('web', 'degraded', 'read-only')];
  expect(entryPatch(wanted({ entry, services }))?.body.spec).toEqual({
    ports: { 'http-8080': 8080, 'admin-9000': 9000 },
  });
});

test('a service that returns is news', () => {
  const entry = apply(wanted({ services: [health('web', 'down')] }));
  const patch = entryPatch(wanted({ entry, services: [health('web', 'ready')] }));
  expect(patch?.changed).toEqual([{ service: health('web', 'ready'), isNews: true }]);
});

test.each(['starting', 'down', 'draining', 'drained'] as const)('a service that is %s is out of rotation', (state) => {
  expect(portsOf(apply(wanted({ services: [health('mysqldb', state)] })))).toEqual(['http-8080', 'admin-9000']);
});

test('the weight of the files becomes that of the entry, and without one the entry keeps its own', () => {
  const services = [health('mysqldb', 'ready'), health('web', 'ready')];
  const definitions = [{ ...MYSQL, weight: 30 }, WEB];
  expect(entryPatch(wanted({ services, definitions }))?.body.spec).toEqual({ weight: 30 });
  const entry = apply(wanted({ services, definitions }));
  expect(entryPatch(wanted({ entry, services }))).toBeUndefined();
  expect(entryPatch(wanted({ entry, services, definitions }))).toBeUndefined();
  expect(entryPatch(wanted({ entry, services, definitions: [MYSQL, { ...WEB, weight: 40 }] }))).toEqual({
    ...{ body: { spec: { weight: 40 } }, changed: [], minor: false },
  });
});

test('while an operator drains the VM its ports do not return, and a service that goes down is still reported', () => {
  const whole = anEntry({ ports: {} });
  const annotations = { ...whole.metadata.annotations, 'meshx.dev/drained-ports': 'mysql-3306=3306' };
  const entry = { ...whole, metadata: { ...whole.metadata, annotations } };
  const services = [health('mysqldb', 'ready'), health('web', 'down')];
  const patch = entryPatch(wanted({ entry, services }));
  expect(patch?.body.spec).toBeUndefined();
  expect(patch?.changed.map(({ service }) => service.name)).toEqual(['mysqldb', 'web']);
});

test('an entry that says everything already is left alone', () => {
  const services = [health('mysqldb', 'ready'), health('web', 'down')];
  const entry = apply(wanted({ services }));
  expect(entryPatch(wanted({ entry, services }))).toBeUndefined();
});

test('a number that someone else gave to a declared port is put right', () => {
  const entry = anEntry({ ports: { ...PORTS, 'mysql-3306': 22 } });
  expect(entryPatch(wanted({ entry, services: [health('mysqldb', 'ready')] }))?.body.spec).toEqual({
    ports: { 'mysql-3306': 3306 },
  });
});

test('a port that the entry does not declare is neither added nor removed', () => {
  const undeclared = { name: 'late', ports: [{ name: 'tcp', number: 5000 }] };
  const definitions = [MYSQL, WEB, undeclared];
  for (const state of ['ready', 'down'] as const) {
    const services = [health('late', state)];
    const entry = anEntry({ ports: state === 'ready' ? PORTS : { ...PORTS, 'tcp-5000': 5000 } });
    expect(entryPatch(wanted({ entry, definitions, services }))?.body.spec).toBeUndefined();
  }
});

test('the settings declare the ports of an entry that has no such annotation', () => {
  const whole = anEntry();
  const entry = { ...whole, metadata: { ...whole.metadata, annotations: {} } };
  expect(portsOf(apply(wanted({ entry, services: [health('mysqldb', 'down')] })))).not.toContain('mysql-3306');
});

test('after a restart of the agent alone the last state is kept until the service is judged', () => {
  const entry = apply(wanted({ services: [health('mysqldb', 'ready'), health('web', 'down')] }));
  const services = [health('mysqldb', 'starting'), health('web', 'starting')];
  const again = { ...HOLDER, started: '2026-11-30T09:30:00.000Z' };
  const after = apply(wanted({ entry, services, holder: again }));
  expect(portsOf(after)).toEqual(['mysql-3306']);
  const booted = apply(wanted({ entry, services, holder: { ...again, boot: OTHER_BOOT } }));
  expect(portsOf(booted)).toEqual([]);
});

test('the state of a service that is no longer defined is removed, and its ports stay', () => {
  const entry = apply(wanted({ services: [health('web', 'ready')] }));
  const patch = entryPatch(wanted({ entry, definitions: [MYSQL] }));
  expect(patch?.body).toEqual({ metadata: { annotations: { 'agent.meshx.dev/web': null } } });
});

test('other words for the same state may wait', () => {
  const entry = apply(wanted({ services: [health('mysqldb', 'degraded', 'lag 3 s')] }));
  const patch = entryPatch(wanted({ entry, services: [health('mysqldb', 'degraded', 'lag 4 s')] }));
  expect(patch).toMatchObject({ minor: true, changed: [] });
});

test.each<[string, Partial<WantedEntry>]>([
  ['a port', { entry: anEntry({ ports: { ...PORTS, 'http-8080': 1 } }) }],
  ['another state out of rotation', { services: [health('mysqldb', 'drained', 'lag 4 s'), health('web', 'ready')] }],
  ['the holder', { holder: { ...HOLDER, boot: OTHER_BOOT } }],
  ['a service that is gone', { definitions: [MYSQL] }],
])('other words beside a change of %s may not wait', (_what, more) => {
  const before = [health('mysqldb', 'down', 'lag 3 s'), health('web', 'ready')];
  const { annotations } = apply(wanted({ services: before })).metadata;
  const { ports = { 'http-8080': 8080, 'admin-9000': 9000 } } = (more.entry?.['spec'] ?? {}) as {
    ports?: typeof PORTS;
  };
  const services = [health('mysqldb', 'down', 'lag 4 s'), health('web', 'ready')];
  const patch = entryPatch(
    wanted({ services, ...more, entry: anEntry({ ports, ...(annotations && { annotations }) }) }),
  );
  expect(patch?.minor).toBe(false);
  expect(patch?.body.metadata?.annotations['agent.meshx.dev/mysqldb']).toContain('lag 4 s');
});

test('an entry without annotations is one that no agent wrote', () => {
  const { annotations: _, ...metadata } = anEntry().metadata;
  const entry = { ...anEntry(), metadata };
  const patch = entryPatch(wanted({ entry, services: [health('mysqldb', 'starting')] }));
  expect(patch?.body.spec).toEqual({ ports: { 'mysql-3306': null } });
  expect(patch?.changed).toHaveLength(1);
});

test('a reason is cut to the length of the annotation, and what is not visible ASCII becomes one question mark', () => {
  const reasonOf = (reason: string): string =>
    (JSON.parse(formatState({ state: 'down', since: NOW, reason })) as { readonly reason: string }).reason;
  expect(reasonOf('zu früh\r\nversucht')).toBe('zu fr?h?versucht');
  const longest = formatState({ state: 'down', since: NOW, reason: 'x'.repeat(600) });
  expect(longest).toHaveLength(256);
  expect(formatState({ state: 'down', since: NOW, reason: reasonOf('x'.repeat(600)) })).toBe(longest);
  expect(reasonOf('"'.repeat(600))).toMatch(/^"{50,}$/);
});

test('a state is at most 256 visible characters of ASCII, whatever the reason', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 600 }), (reason) => {
      const text = formatState({ state: 'down', since: NOW, reason });
      expect(text).toMatch(/^[ -~]{1,256}$/);
      expect(JSON.parse(text)).toMatchObject({ state: 'down', since: NOW.toISOString() });
    }),
  );
});

const state = fc.constantFrom<ServiceState>('starting', 'ready', 'degraded', 'down', 'draining', 'drained');
const reported = fc
  .record({ mysqldb: state, web: state, unknown: state, reason: fc.string() })
  .map(({ reason, ...states }) => Object.entries(states).map(([name, each]) => health(name, each, reason)))
  .chain((all) => fc.subarray(all));
const before = fc.record({
  ports: fc.dictionary(fc.constantFrom(...Object.keys(PORTS), 'ssh', 'other-1'), fc.integer({ min: 1, max: 65_535 })),
  annotations: fc.dictionary(
    fc.constantFrom('agent.meshx.dev/web', 'agent.meshx.dev/mysqldb', 'agent.meshx.dev/holder', 'x', 'istio.io/y'),
    fc.oneof(
      fc.string(),
      fc.constant(formatHolder(HOLDER)),
      state.map((each) => formatState(health('', each))),
    ),
  ),
});

test('applying the patch twice changes as much as once', () => {
  fc.assert(
    fc.property(before, reported, (parts, services) => {
      const once = apply(wanted({ entry: anEntry(parts), services }));
      expect(entryPatch(wanted({ entry: once, services }))?.body.spec).toBeUndefined();
      const twice = apply(wanted({ entry: once, services }));
      expect(apply(wanted({ entry: twice, services }))).toEqual(twice);
    }),
  );
});

test('ports of other services, labels, address and foreign annotations never change', () => {
  fc.assert(
    fc.property(before, reported, (parts, services) => {
      const entry = anEntry(parts);
      const after = apply(wanted({ entry, services }));
      const others = Object.entries(PORTS).filter(([name]) => {
        const owner = name.startsWith('mysql') ? 'mysqldb' : 'web';
        return !services.some((service) => service.name === owner);
      });
      const spec = (object: KubeObject) => object['spec'] as { ports: Readonly<Record<string, number>> };
      for (const name of ['ssh', 'other-1', ...others.map(([each]) => each)])
        expect(spec(after).ports[name]).toBe(spec(entry).ports[name]);
      expect({ ...spec(after), ports: {} }).toEqual({ ...spec(entry), ports: {} });
      const foreign = ({ metadata: { annotations = {} } }: KubeObject) =>
        Object.entries(annotations).filter(([key]) => !key.startsWith('agent.meshx.dev/'));
      expect(foreign(after)).toEqual(foreign(entry));
      expect(after.metadata.labels).toEqual(entry.metadata.labels);
    }),
  );
});

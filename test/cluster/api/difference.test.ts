import fc from 'fast-check';
import { difference, fieldsOf } from '../../../src/cluster/api/difference.ts';
import { planObjects } from '../../../src/cluster/api/plan.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';

const service = (spec: Readonly<Record<string, unknown>>, labels = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'mysqldb', namespace: 'vm', labels },
  spec,
});

/** As the API server gives it back: owned by meshx, with what others have added. */
const stored = (object: KubeObject, more: Readonly<Record<string, unknown>> = {}): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    uid: 'x',
    managedFields: [{ manager: 'meshx', operation: 'Apply', fieldsV1: fieldsOf(object) }],
  },
  spec: { ...(object['spec'] as object), ...more },
});

test('defaults of the API server are no difference', () => {
  const wanted = service({ ports: [{ name: 'mysql', port: 3306 }], selector: { app: 'db' } });
  const found = service({
    clusterIP: '10.63.251.156',
    ports: [{ name: 'mysql', port: 3306, protocol: 'TCP', targetPort: 3306 }],
    selector: { app: 'db' },
    type: 'ClusterIP',
  });
  expect(difference(wanted, found)).toEqual([]);
});

test('a changed, a missing and a wrong field are named', () => {
  const found = service({ ports: [{ name: 'mysql', port: 3306, protocol: 'TCP' }], selector: { app: 'db' } });
  expect(difference(service({ ports: [{ name: 'tcp', port: 3306 }] }), found)).toEqual(['spec.ports[port=3306].name']);
  expect(difference(service({ ports: [{ port: 3307 }] }), found)).toEqual(['spec.ports[port=3307]']);
  expect(difference(service({ type: 'NodePort' }), found)).toEqual(['spec.type']);
  expect(difference(service({}, { a: 'b' }), found)).toEqual(['metadata.labels.a']);
});

test('one port for TCP and UDP is two ports', () => {
  const found = service({ ports: [{ port: 53, protocol: 'TCP' }] });
  expect(difference(service({ ports: [{ port: 53, protocol: 'UDP' }] }), found)).toEqual(['spec.ports[port=53]']);
});

test('a field that meshx applied and no longer wants is a difference; a field of others is none', () => {
  const before = service({ ports: [{ port: 3306 }], selector: { app: 'db', version: 'v1' } });
  const wanted = service({ ports: [{ port: 3306 }], selector: { app: 'db' } });
  expect(difference(wanted, stored(before))).toEqual(['spec.selector.version']);
  expect(difference(before, stored(before, { externalTrafficPolicy: 'Local' }))).toEqual([]);
});

test('lists without keys are compared whole and in order', () => {
  const sidecar = (ports: readonly number[]): KubeObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name: 'meshx-db', namespace: 'vm' },
    spec: { ingress: ports.map((number) => ({ port: { number } })) },
  });
  expect(difference(sidecar([1, 2]), sidecar([1, 2]))).toEqual([]);
  expect(difference(sidecar([1, 2]), sidecar([2, 1]))).toEqual(['spec.ingress']);
  expect(difference(sidecar([1]), sidecar([1, 2]))).toEqual(['spec.ingress']);
});

test('an empty list requests no items, an empty mapping nothing', () => {
  const endpoints = (subsets: readonly unknown[]): KubeObject => ({ ...service({}), kind: 'Endpoints', subsets });
  expect(difference(endpoints([]), endpoints([{ addresses: [] }]))).toEqual(['subsets']);
  expect(difference(service({ selector: {} }), service({ selector: { app: 'db' } }))).toEqual([]);
});

const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const key = fc.stringMatching(/^[a-z]{1,5}$/);
const spec = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(leaf, { minLength: 1, maxLength: 3 }),
    fc.dictionary(key, tie('value'), { minKeys: 1, maxKeys: 3 }),
  ),
})).value;
const object = fc.dictionary(key, spec, { maxKeys: 4 }).map((fields) => service(fields));

test('an object that was applied never differs from itself', () => {
  fc.assert(fc.property(object, (wanted) => expect(difference(wanted, stored(wanted))).toEqual([])));
});

test('after an apply of one object, another one with other fields differs', () => {
  const canonical = (value: KubeObject): string =>
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
        : part,
    );
  const property = fc.property(object, object, (one, other) => {
    fc.pre(canonical(one) !== canonical(other));
    expect(difference(one, stored(other))).not.toEqual([]);
  });
  fc.assert(property);
});

describe('a plan', () => {
  const ours = (value: KubeObject): KubeObject => ({
    ...value,
    metadata: { ...value.metadata, labels: { 'app.kubernetes.io/managed-by': 'meshx' } },
  });
  const wanted = ours(service({ ports: [{ port: 3306 }] }));

  test('creates missing objects and leaves equal ones', () => {
    expect(planObjects([[wanted, undefined]]).create).toEqual([wanted]);
    expect(planObjects([[wanted, stored(wanted)]]).unchanged).toHaveLength(1);
  });

  test('changes objects of meshx, and only lists those of another owner', () => {
    const other = service({ ports: [{ port: 3307 }] });
    expect(planObjects([[wanted, ours(other)]]).change).toMatchObject([{ fields: ['spec.ports[port=3306]'] }]);
    expect(planObjects([[wanted, other]]).foreign).toMatchObject([{ fields: ['spec.ports[port=3306]'] }]);
  });

  test('accepts an equal object of another owner', () => {
    expect(planObjects([[wanted, service({ ports: [{ port: 3306 }] })]]).unchanged).toHaveLength(1);
  });

  test('requires of a namespace and an account only that they exist', () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'vm', labels: { team: 'db' } } };
    expect(planObjects([[ours(namespace), namespace]]).unchanged).toHaveLength(1);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { planCurrentRegistration } from '../../src/cluster/registration/current-registration.ts';
import { planClassicRegistration } from '../../src/cluster/registration/classic-registration.ts';
import { difference } from '../../src/cluster/api/difference.ts';
import { exposureStatus } from '../../src/cluster/facts/exposure-status.ts';
import { gatherClusterFacts } from '../../src/cluster/facts/facts.ts';
import { parseStatus, problemOf } from '../../src/cluster/api/live/api-problems.ts';
import { parseManifests } from '../../src/cluster/api/manifests/parse-manifests.ts';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { portSecurity } from '../../src/mesh/mutual-tls.ts';
import { Problem } from '../../src/problems.ts';
import { aWorkload } from '../vm/world.ts';
import { ClusterOfObjects } from './support/cluster-of-objects.ts';
import { mutated, mutatedJson } from './support/mutations.ts';
import { fuzz, fuzzAsync, holds } from './support/statement.ts';

const folder = (name: string): readonly string[] => {
  const at = new URL(`../../examples/${name}/`, import.meta.url);
  return readdirSync(at).map((file) => readFileSync(new URL(file, at), 'utf8'));
};
const [CURRENT, CLASSIC] = [folder('current-cluster'), folder('classic-cluster')];
const objectsOf = (texts: readonly string[]): readonly KubeObject[] =>
  texts.flatMap((text) => parseManifests(text, 'x.yaml').objects);

fuzz(
  'any file of manifests is objects or issues with their lines',
  fc.tuple(mutated([...CURRENT, ...CLASSIC, 'a: &a [x]\nb: [*a,*a]\n']), fc.constantFrom('a.yaml', 'a.json')),
  ([text, file]) => {
    const { objects, issues } = parseManifests(text, file);
    for (const { kind, metadata } of objects)
      holds(typeof kind === 'string' && typeof metadata.name === 'string', kind);
    for (const issue of issues) holds(/^a\.(yaml|json):\d+: /.test(issue), issue);
  },
);

const STATUS = {
  kind: 'Status',
  message: 'conflict',
  reason: 'Conflict',
  details: {
    kind: 'namespaces',
    name: 'vm',
    causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using v1', field: '.spec' }],
  },
};

fuzz(
  'any answer of an API server that is no success is a Problem',
  fc.tuple(
    fc.oneof(
      mutatedJson([STATUS]).map((value) => JSON.stringify(value) ?? ''),
      mutated([JSON.stringify(STATUS), '<html>502</html>']),
    ),
    fc.constantFrom(400, 401, 403, 404, 409, 422, 429, 500, 503, 0, 302),
  ),
  ([body, status]) => {
    holds(parseStatus(body).message !== '', body);
    const request = { method: 'GET', path: '/', summary: 'get Service vm/x' } as const;
    expect(problemOf({ cluster: 'c', request, answer: { status, body }, object: 'Service vm/x' })).toBeInstanceOf(
      Problem,
    );
  },
);

/** A whole cluster as the API server tells of it, with some values of other kinds. */
const cluster = (texts: readonly string[]): fc.Arbitrary<readonly KubeObject[]> =>
  // as: an API server answers about an object with an object; what is in it is for the reader to check.
  mutatedJson([objectsOf(texts)]).map((value) => (Array.isArray(value) ? (value as KubeObject[]) : []));

async function answerOrProblem(ask: () => Promise<unknown>): Promise<void> {
  await ask().catch((error: unknown) => {
    if (!(error instanceof Problem)) throw error;
  });
}

const signal = new AbortController().signal;

fuzzAsync('any current cluster gives facts or a Problem', cluster(CURRENT), async (objects) => {
  const kube = new ClusterOfObjects(objects);
  await answerOrProblem(() => gatherClusterFacts(kube, { istioNamespace: 'istio-system', namespace: 'vm', signal }));
  await answerOrProblem(() =>
    planCurrentRegistration(
      kube,
      { workload: aWorkload(), createNamespace: true, createServiceAccount: true },
      { istioNamespace: 'istio-system', signal },
    ),
  );
});

fuzzAsync('any classic cluster gives facts or a Problem', cluster(CLASSIC), async (objects) => {
  const kube = new ClusterOfObjects(objects);
  const options = { istioNamespace: 'istio-system', namespace: 'vm', signal };
  await answerOrProblem(() => gatherClusterFacts(kube, options));
  await answerOrProblem(() => exposureStatus(kube, { ...options, now: new Date(0) }));
  const wanted = {
    service: 'mysqldb',
    namespace: 'vm',
    address: '10.0.0.5',
    ports: [{ number: 3306, name: 'tcp' }],
    serviceAccount: 'default',
    labels: {},
  };
  await answerOrProblem(() => planClassicRegistration(kube, wanted, signal));
});

const POLICIES = [
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'a', namespace: 'vm', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      selector: { matchLabels: { app: 'mysqldb' } },
      mtls: { mode: 'STRICT' },
      portLevelMtls: { 3306: { mode: 'DISABLE' } },
    },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'b', namespace: 'vm' },
    spec: {
      host: '*.vm.svc.cluster.local',
      exportTo: ['*'],
      trafficPolicy: {
        tls: { mode: 'SIMPLE' },
        portLevelSettings: [{ port: { number: 3306 }, tls: { mode: 'DISABLE' } }],
      },
    },
  },
];

fuzz('any policies give a mode for each port', mutatedJson([POLICIES]), (value) => {
  // as: lists come from the API server; what is in an object is for the reader to check.
  const all = (Array.isArray(value) ? value : []).filter(
    (each): each is KubeObject =>
      typeof each === 'object' &&
      each !== null &&
      typeof (each as KubeObject).metadata === 'object' &&
      (each as KubeObject).metadata !== null,
  );
  const policies = {
    rootNamespace: 'istio-system',
    clusterDomain: 'cluster.local',
    peerAuthentications: all,
    destinationRules: all,
  };
  holds(portSecurity(aWorkload(), policies).length === 1, all);
});

fuzz('any two objects differ or do not', fc.tuple(mutatedJson(POLICIES), mutatedJson(POLICIES)), ([wanted, found]) => {
  const isObject = (each: unknown): each is KubeObject =>
    typeof each === 'object' &&
    each !== null &&
    typeof (each as KubeObject).metadata === 'object' &&
    (each as KubeObject).metadata !== null;
  if (isObject(wanted) && isObject(found)) difference(wanted, found);
});

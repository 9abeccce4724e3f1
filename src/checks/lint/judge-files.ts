import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import type { Check, Result } from '../check.ts';
import { judgeEach } from '../judge.ts';
import { kubectlWith, type NamespaceFacts, wrong } from '../mesh/facts.ts';
import { groupedBy, nameOf } from '../mesh/objects.ts';
import { LINT_CHECKS, SHARED_CHECKS } from './lint-checks.ts';
import { type LintFacts, workloadOf } from './lint-facts.ts';

/** An object of a file. */
export interface PlacedObject {
  readonly object: KubeObject;
  /** `mysql.yaml:12` */
  readonly place: string;
}

export interface LintedFiles {
  readonly objects: readonly PlacedObject[];
  /** Documents that cannot be read: `FILE:LINE: reason`. */
  readonly issues: readonly string[];
  readonly clusterDomain: string;
}

/** Results of all checks over the objects of files; a check that holds everywhere has one result. Pure. */
export function judgeFiles({ objects, issues, clusterDomain }: LintedFiles): readonly Result[] {
  const places = new Map(objects.map(({ object, place }) => [nameOf(object), place]));
  const names = [...new Set(objects.map(({ object }) => object.metadata.namespace ?? 'default'))].sort();
  const all = objects.map(({ object }) => object);
  const results = names.flatMap((name) => {
    const facts = factsOf(name, all, clusterDomain);
    const shared = judgeEach<NamespaceFacts>(SHARED_CHECKS, facts, {});
    return [...shared, ...judgeEach(LINT_CHECKS, facts, {})];
  });
  return merged([...judgeEach(FILE_CHECKS, { objects, issues }, {}), ...results]).map((result) =>
    withPlace(result, places),
  );
}

type FileFacts = Pick<LintedFiles, 'objects' | 'issues'>;

/** Checks of the files themselves. */
export const FILE_CHECKS: readonly Check<FileFacts>[] = [
  {
    id: 'manifest-readable',
    category: 'cluster',
    severity: 'error',
    title: 'each document can be read',
    needs: ['issues'],
    judge: ({ issues }) => issues.map((detail) => ({ ok: false, detail })),
  },
  {
    id: 'manifest-once',
    category: 'cluster',
    severity: 'error',
    title: 'each object is in the files once',
    needs: ['objects'],
    judge: ({ objects }) =>
      [...groupedBy(objects, ({ object }) => `${object.apiVersion} ${nameOf(object)}`).values()].flatMap((same) => {
        const [first] = same;
        if (first === undefined || same.length < 2) return [];
        const where = same.map(({ place }) => place).join(' and ');
        return [wrong(nameOf(first.object), `${nameOf(first.object)} is at ${where}: only one of them is applied`)];
      }),
  },
];

function factsOf(place: string, all: readonly KubeObject[], clusterDomain: string): LintFacts {
  const here = all.filter(({ metadata }) => (metadata.namespace ?? 'default') === place);
  const of = (...kinds: readonly string[]) => here.filter(({ kind }) => kinds.includes(kind));
  const every = (kind: string) => all.filter((object) => object.kind === kind);
  const [entries, services] = [of('WorkloadEntry'), of('Service').filter(isCore)];
  return {
    about: { ...ABOUT, clusterDomain },
    kubectl: kubectlWith([]),
    ...{ place, entries, everyEntry: entries, services, pods: [] },
    entriesElsewhere: every('WorkloadEntry').filter((entry) => !entries.includes(entry)),
    groups: of('WorkloadGroup'),
    serviceEntries: of('ServiceEntry'),
    sidecars: of('Sidecar'),
    destinationRules: of('DestinationRule'),
    virtualServices: of('VirtualService'),
    policies: of('AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication', 'Sidecar'),
    workloads: here.flatMap((object) => workloadOf(object) ?? []),
    everyService: every('Service').filter(isCore),
    everyDestinationRule: every('DestinationRule'),
    externalHosts: every('ServiceEntry').flatMap(({ spec }) => list(mapping(spec)['hosts']).map(String)),
  };
}

/** Knative has a kind Service of its own. */
function isCore({ apiVersion }: KubeObject): boolean {
  return apiVersion === 'v1';
}

const ABOUT = {
  ...{ cluster: 'files', live: false, now: new Date(0), istioNamespace: 'istio-system', suffix: '' },
  ...{ rootNamespace: 'istio-system', clusterDomain: 'cluster.local', trustDomain: 'cluster.local' },
} as const;

/** One result for a check that holds everywhere; else its failures, each once. */
function merged(results: readonly Result[]): readonly Result[] {
  return [...groupedBy(results, ({ id }) => id).values()].flatMap((same) => {
    const failed = same.filter(({ ok }) => ok === false);
    const unique = new Map(failed.map((result) => [`${result.object ?? ''} ${result.detail}`, result]));
    return failed.length > 0 ? [...unique.values()] : same.slice(0, 1);
  });
}

/** A hint of a check of a mesh changes a cluster; here a file is to be edited. */
function withPlace({ hint: _ofCluster, ...result }: Result, places: ReadonlyMap<string, string>): Result {
  const place = result.object === undefined ? undefined : places.get(result.object);
  return place === undefined ? result : { ...result, place, hint: `Edit ${place}` };
}

import type { Refused, Wanted } from '../../cluster/picture/part.ts';
import type { Seen } from '../check.ts';
import { type MeshCheck, type MeshFacts, wrong } from './facts.ts';

const cluster = { category: 'cluster', severity: 'error' } as const;

/** Whether everything could be read that other checks judge. */
export const accessChecks: readonly MeshCheck[] = [
  {
    ...cluster,
    id: 'rights',
    title: 'you may read everything that is checked',
    needs: ['about', 'refusals', 'places'],
    judge: rights,
  },
  {
    ...cluster,
    id: 'kinds-served',
    title: "the cluster serves Istio's kinds",
    needs: ['kubectl', 'refusals'],
    judge: kinds,
  },
  {
    ...cluster,
    id: 'facts-read',
    title: 'everything that is checked could be read',
    needs: ['refusals'],
    judge: failures,
  },
  {
    ...cluster,
    id: 'namespaces-found',
    severity: 'note',
    title: 'VMs of all namespaces are checked',
    needs: ['about', 'limited', 'places'],
    judge: scope,
  },
];

/** Without these few checks are skipped, and few operators may read objects of the whole cluster. */
const OPTIONAL: ReadonlySet<string> = new Set(['mutatingwebhookconfigurations', 'daemonsets', 'nodes']);

function rights({ about, refusals, places }: MeshFacts): readonly Seen[] {
  const refused = refusals.filter((each) => each.refused === 'forbidden');
  const first = new Map(refused.map((each) => [JSON.stringify({ ...each.wanted, name: undefined }), each]));
  const namespace = places[0] === undefined ? '' : ` -n ${places[0]}`;
  const hint = `Ask the cluster administrator for the roles printed by: meshx rbac check${namespace} --istio-namespace ${about.istioNamespace}`;
  return [...first.values()].map(({ wanted }) => {
    const { verb, group, resource } = wanted;
    const rule = `apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"]`;
    const severity = OPTIONAL.has(resource) ? 'note' : 'error';
    return wrong(
      placeOf(wanted),
      `you may not ${verb} ${resource} in ${placeOf(wanted)}; the rule that allows it: ${rule}`,
      { hint, severity },
    );
  });
}

function placeOf({ namespace }: Wanted): string {
  return namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
}

function kinds({ kubectl, refusals }: MeshFacts): readonly Seen[] {
  const unserved = refusals.filter((each) => each.refused === 'not-served');
  const resources = [...new Set(unserved.map(({ wanted }) => `${wanted.resource}.${wanted.group}`))].sort();
  if (resources.length === 0) return [];
  const hint = `See which are installed: ${kubectl('get', 'crd', '-l', 'app.kubernetes.io/part-of=istio')}; then install those of your Istio release, chart istio/base`;
  const detail = `the API server does not serve version v1 of ${resources.join(', ')}`;
  return [wrong('the cluster', detail, { hint })];
}

function failures({ refusals }: MeshFacts): readonly Seen[] {
  const failed = refusals.filter((each) => each.refused === 'failed');
  const first = new Map(failed.map((each) => [each.reason, each]));
  return [...first.values()].map(({ reason, hint, wanted }) =>
    wrong(placeOf(wanted), reason, { ...(hint !== undefined && { hint }) }),
  );
}

function scope({ about, limited, places }: MeshFacts): readonly Seen[] {
  if (!limited && places.length === 0)
    return [wrong(`cluster ${about.cluster}`, 'no VM is registered by meshx', { hint: 'Join one: meshx up VM' })];
  if (!limited || limited.refused === 'not-served') return [];
  const detail = `only VMs of namespace ${places.join(', ')} are checked: ${reasonOf(limited)}`;
  return [
    wrong(`cluster ${about.cluster}`, detail, { hint: 'Name the namespace of the VMs: meshx check -n NAMESPACE' }),
  ];
}

function reasonOf({ wanted, refused, reason }: Refused): string {
  return refused === 'forbidden' ? `you may not list ${wanted.resource} of all namespaces` : reason;
}

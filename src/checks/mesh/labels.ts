import { automaticGroup, entryLabels } from '../../cluster/registration/entries.ts';
import { groupLabels } from '../../mesh/current/group.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { Seen } from '../check.ts';
import { type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { nameOf } from './objects.ts';

/** Istio's rule for workloads: https://istio.io/latest/docs/ops/deployment/application-requirements/ */
export const labelChecks: readonly NamespaceCheck[] = [
  {
    id: 'workload-labels',
    category: 'service',
    severity: 'warning',
    title: 'each VM has the labels app and version',
    needs: ['groups', 'entries', 'kubectl', 'place'],
    judge: labels,
  },
];

const KEYS = ['app', 'version'];

/** Of groups, and of entries without a group. What an entry lacks of its group is drift. */
function labels({ groups, entries, kubectl, place }: NamespaceFacts): readonly Seen[] {
  const fixed = entries.filter((entry) => automaticGroup(entry) === undefined);
  const all = [
    ...groups.map((group) => [group, groupLabels(group)] as const),
    ...fixed.map((entry) => [entry, entryLabels(entry)] as const),
  ];
  return all.flatMap(([object, found]) => {
    const missing = KEYS.filter((key) => !hasLabel(found, key));
    if (missing.length === 0) return [];
    const detail = `${nameOf(object)} has no label ${missing.join(' and ')}, so metrics and Kiali show its VM as unknown`;
    return [
      wrong(nameOf(object), detail, {
        hint: `Add ${missing.length === 1 ? 'it' : 'them'}: ${patchLine(object, missing, { kubectl, place })}`,
      }),
    ];
  });
}

function hasLabel(found: Readonly<Record<string, string>>, key: string): boolean {
  const canonical = key === 'app' ? 'name' : 'revision';
  return [key, `app.kubernetes.io/${key === 'app' ? 'name' : key}`, `service.istio.io/canonical-${canonical}`].some(
    (each) => found[each] !== undefined,
  );
}

function patchLine(
  object: KubeObject,
  missing: readonly string[],
  { kubectl, place }: Pick<NamespaceFacts, 'kubectl' | 'place'>,
): string {
  const { name } = object.metadata;
  const added = Object.fromEntries(missing.map((key) => [key, key === 'app' ? name : 'latest']));
  const isGroup = object.kind === 'WorkloadGroup';
  const spec = isGroup ? { metadata: { labels: added } } : { labels: added };
  return kubectl(
    'patch',
    isGroup ? 'workloadgroup' : 'workloadentry',
    name,
    '-n',
    place,
    '--type=merge',
    '-p',
    JSON.stringify({ spec }),
  );
}

import { automaticGroup, entryLabels } from '../../cluster/registration/entries.ts';
import { groupLabels } from '../../mesh/current/group.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { DRAINING, READY, SERVICE_LABEL_PREFIX } from '../../mesh/workload-labels.ts';
import type { Seen } from '../check.ts';
import { commandLine, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { groupOfEntry, nameOf } from './objects.ts';

/** istiod copies the group into a new entry and never again. */
export const driftChecks: readonly NamespaceCheck[] = [
  {
    id: 'entry-drift',
    category: 'registration',
    severity: 'warning',
    title: 'each entry has the labels and the account of its WorkloadGroup',
    needs: ['groups', 'entries', 'place'],
    judge: drift,
  },
];

function drift({ groups, entries, place }: NamespaceFacts): readonly Seen[] {
  return entries.flatMap((entry) => {
    const group = groupOfEntry(entry, groups);
    const differing = group ? differences(group, entry) : [];
    if (differing.length === 0) return [];
    const vm = automaticGroup(entry) ?? '';
    const detail = `${nameOf(entry)} was made before its group changed: ${differing.join('; ')}`;
    const hint = `Bring the labels up to date: ${commandLine(['meshx', 'up', vm, '-n', place])}; an account changes only with a new entry, after the sidecar has been off for 30 s`;
    return [wrong(nameOf(entry), detail, { hint })];
  });
}

/** Labels and account in which an entry differs from its group, as sentences without an end. */
export function differences(group: KubeObject, entry: KubeObject): readonly string[] {
  const labels = entryLabels(entry);
  const lacking = Object.entries(groupLabels(group)).filter(
    ([key, value]) => labels[key] !== value && !isDrained(key, value, labels[key]),
  );
  const [wanted, found] = [mapping(mapping(group['spec'])['template']), mapping(entry['spec'])].map(
    (holder) => text(holder['serviceAccount']) ?? 'default',
  );
  return [
    ...lacking.map(([key, value]) => `label ${key}=${value} is ${labels[key] === undefined ? 'missing' : labels[key]}`),
    ...(wanted === found ? [] : [`the account is ${found}, not ${wanted}`]),
  ];
}

/** A drain changes a label of the entry alone. */
function isDrained(key: string, wanted: string, found: string | undefined): boolean {
  return key.startsWith(SERVICE_LABEL_PREFIX) && wanted === READY && found === DRAINING;
}

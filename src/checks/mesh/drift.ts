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
    needs: ['groups', 'entries', 'kubectl', 'place'],
    judge: drift,
  },
];

function drift(facts: NamespaceFacts): readonly Seen[] {
  return facts.entries.flatMap((entry) => {
    const group = groupOfEntry(entry, facts.groups);
    const differing = group ? differences(group, entry) : [];
    if (!group || differing.length === 0) return [];
    const detail = `${nameOf(entry)} was made before its group changed: ${differing.join('; ')}`;
    return [wrong(nameOf(entry), detail, { hint: hintOf(entry, lackingLabels(group, entry), facts) })];
  });
}

type Label = readonly [key: string, value: string];

/** meshx brings its own labels with their ports; others are copied as they are. */
function hintOf(entry: KubeObject, lacking: readonly Label[], { kubectl, place }: NamespaceFacts): string {
  const vm = automaticGroup(entry) ?? '';
  const account = 'An account changes only with a new entry, after the sidecar has been off for 30 s';
  if (lacking.length === 0)
    return `${account}: ${commandLine(['ssh', vm, 'systemctl stop istio; sleep 40; systemctl start istio'])}`;
  if (lacking.some(([key]) => key.startsWith(SERVICE_LABEL_PREFIX)))
    return `Bring the labels up to date: ${commandLine(['meshx', 'up', vm, '-n', place])}`;
  const labels = Object.fromEntries(lacking);
  const change = JSON.stringify({ metadata: { labels }, spec: { labels } });
  return `Copy the labels: ${kubectl('patch', 'workloadentry', entry.metadata.name, '-n', place, '--type=merge', '-p', change)}`;
}

/** What an entry lacks of its group, for people. */
export function differences(group: KubeObject, entry: KubeObject): readonly string[] {
  const labels = entryLabels(entry);
  const lacking = lackingLabels(group, entry);
  const differing = lacking.map(([key, value]) => `label ${key}=${value} is ${labels[key] ?? 'missing'}`);
  return [...differing, ...otherAccount(group, entry)];
}

function lackingLabels(group: KubeObject, entry: KubeObject): readonly Label[] {
  const labels = entryLabels(entry);
  return Object.entries(groupLabels(group)).filter(
    ([key, value]) => labels[key] !== value && !isDrained(key, value, labels[key]),
  );
}

function otherAccount(group: KubeObject, entry: KubeObject): readonly string[] {
  const [wanted, found] = [mapping(mapping(group['spec'])['template']), mapping(entry['spec'])].map(
    (holder) => text(holder['serviceAccount']) ?? 'default',
  );
  return wanted === found ? [] : [`the account is ${found}, not ${wanted}`];
}

/** A drain changes a label of the entry alone. */
function isDrained(key: string, wanted: string, found: string | undefined): boolean {
  return key.startsWith(SERVICE_LABEL_PREFIX) && wanted === READY && found === DRAINING;
}

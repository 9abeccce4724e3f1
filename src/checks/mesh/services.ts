import { entryAddress, entryLabels, isMember } from '../../cluster/registration/entries.ts';
import { EntryIndex } from '../../cluster/picture/vm-services.ts';
import { groupLabels } from '../../mesh/current/group.ts';
import { portsOf as numbersOf } from '../../mesh/current/entry-ports.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { servicesNamed, serviceKey } from '../../mesh/workload-labels.ts';
import type { Seen } from '../check.ts';
import { commandLine, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { nameOf, podsWith, selectorOf } from './objects.ts';

const service = { category: 'service', severity: 'error' } as const;

/** Whether Services and entries find each other. */
export const serviceChecks: readonly NamespaceCheck[] = [
  {
    ...service,
    id: 'entry-service',
    title: 'each service that a VM serves has a Service that selects it',
    needs: ['entries', 'services', 'serviceEntries', 'place'],
    judge: served,
  },
  {
    ...service,
    id: 'service-endpoints',
    title: 'each Service of a VM selects something',
    needs: ['about', 'kubectl', 'services', 'everyEntry', 'groups', 'pods', 'place'],
    judge: selects,
  },
];

function served({ entries, services, serviceEntries, place }: NamespaceFacts): readonly Seen[] {
  const index = new EntryIndex(entries);
  const selected = new Map(services.map((each) => [each.metadata.name, new Set(index.selectedBy(selectorOf(each)))]));
  const hosts = serviceEntries.map(({ metadata }) => metadata.name);
  return entries.flatMap((entry) =>
    servicesNamed(entryLabels(entry))
      .filter((name) => isMember(entry, name) && !hosts.includes(name) && !isFound(selected.get(name), entry, name))
      .map((name) => unserved(entry, { name, place, exists: selected.has(name) })),
  );
}

/** A drained entry has a label that no Service selects. */
function isFound(selected: ReadonlySet<KubeObject> | undefined, entry: KubeObject, name: string): boolean {
  return selected !== undefined && (selected.has(entry) || entryLabels(entry)[serviceKey(name)] !== 'ready');
}

function unserved(
  entry: KubeObject,
  { name, place, exists }: { readonly name: string; readonly place: string; readonly exists: boolean },
): Seen {
  const why = exists ? `Service ${place}/${name} does not select it` : `there is no Service ${place}/${name}`;
  const detail = `${nameOf(entry)} (${entryAddress(entry)}) serves ${name}, but ${why}: no client reaches it by that name`;
  const [port] = Object.values(numbersOf(entry['spec']));
  const command = commandLine(['meshx', 'register', name, entryAddress(entry), String(port ?? 'PORT'), '-n', place]);
  return wrong(nameOf(entry), detail, { hint: `Make the Service: ${command}` });
}

function selects(facts: NamespaceFacts): readonly Seen[] {
  const { about, services, everyEntry, groups, pods, kubectl, place } = facts;
  const index = new EntryIndex(everyEntry);
  const expected = new Set(groups.map(groupLabels).flatMap(servicesNamed));
  const drained = new Set(everyEntry.map(entryLabels).flatMap(servicesNamed));
  return services.flatMap((each) => {
    const selector = selectorOf(each);
    const { name } = each.metadata;
    // Manifests have neither pods nor automatic entries; drained entries and VMs that are off have checks of their own.
    if (!about.live || Object.keys(selector).length === 0 || drained.has(name)) return [];
    const waits = expected.has(name) && selector[serviceKey(name)] !== undefined;
    if (waits || index.selectedBy(selector).length > 0 || podsWith(pods, selector).length > 0) return [];
    const labels = Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const detail = `${nameOf(each)} selects ${labels}, and no entry or pod of namespace ${place} has these labels`;
    const hint = `Compare with the labels of the entries: ${kubectl('get', 'workloadentries', '-n', place, '--show-labels')}`;
    return [wrong(nameOf(each), detail, { hint })];
  });
}

import { automaticGroup, entryAddress, entryLabels, isMember } from '../../cluster/registration/entries.ts';
import { EntryIndex } from '../../cluster/picture/vm-services.ts';
import { groupLabels } from '../../mesh/current/group.ts';
import { portsOf as numbersOf } from '../../mesh/current/entry-ports.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { READY, servicesNamed, serviceKey } from '../../mesh/workload-labels.ts';
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
    needs: ['entries', 'services', 'serviceEntries', 'kubectl', 'place'],
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

function served(facts: NamespaceFacts): readonly Seen[] {
  const { entries, services, serviceEntries } = facts;
  const index = new EntryIndex(entries);
  const selected = new Map(services.map((each) => [each.metadata.name, new Set(index.selectedBy(selectorOf(each)))]));
  const hosts = serviceEntries.map(({ metadata }) => metadata.name);
  return entries.flatMap((entry) =>
    servicesNamed(entryLabels(entry))
      .filter((name) => isMember(entry, name) && !hosts.includes(name) && !isFound(selected.get(name), entry, name))
      .map((name) => unserved(entry, { name, exists: selected.has(name) }, facts)),
  );
}

/** A drained entry has a label that no Service selects. */
function isFound(selected: ReadonlySet<KubeObject> | undefined, entry: KubeObject, name: string): boolean {
  return selected !== undefined && (selected.has(entry) || entryLabels(entry)[serviceKey(name)] !== READY);
}

function unserved(
  entry: KubeObject,
  { name, exists }: { readonly name: string; readonly exists: boolean },
  facts: NamespaceFacts,
): Seen {
  const { place } = facts;
  const why = exists ? `Service ${place}/${name} does not select it` : `there is no Service ${place}/${name}`;
  const detail = `${nameOf(entry)} (${entryAddress(entry)}) serves ${name}, but ${why}: no client reaches it by that name`;
  return wrong(nameOf(entry), detail, { hint: exists ? selectHint(name, facts) : makeHint(entry, name, facts) });
}

function selectHint(name: string, { kubectl, place }: NamespaceFacts): string {
  const change = [{ op: 'replace', path: '/spec/selector', value: { [serviceKey(name)]: READY } }];
  return `Let it select the entry: ${kubectl('patch', 'service', name, '-n', place, '--type=json', '-p', JSON.stringify(change))}`;
}

/** The group of a VM records its services; an entry that was written by hand is registered as it was before. */
function makeHint(entry: KubeObject, name: string, { place }: NamespaceFacts): string {
  const vm = automaticGroup(entry);
  if (vm !== undefined) return `Make the Service: ${commandLine(['meshx', 'up', vm, '-n', place])}`;
  const [port] = Object.values(numbersOf(entry['spec']));
  const words = ['meshx', 'register', name, entryAddress(entry), String(port ?? 'PORT'), '-n', place];
  return `Make the Service: ${commandLine(words)}`;
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

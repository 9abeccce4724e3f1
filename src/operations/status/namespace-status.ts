import { EntryIndex } from '../../cluster/picture/vm-services.ts';
import { automaticGroup, entryAddress } from '../../cluster/registration/entries.ts';
import { groupedBy, selectorOf } from '../../checks/mesh/objects.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { present } from '../../present.ts';
import type { VmStatus } from './mesh-status.ts';
import type { ServiceIndex } from './service-status.ts';
import { statusOfEntry, statusOfGroup } from './vm-status.ts';

/** What a namespace has about VMs. */
export interface NamespaceObjects {
  readonly entries: readonly KubeObject[];
  /** Absent where they could not be read. */
  readonly groups?: readonly KubeObject[];
  readonly services: readonly KubeObject[];
}

/** The VMs of a namespace by name: one for each entry, and one for each WorkloadGroup without an entry. Pure. */
export function statusesOf({ entries, groups, services }: NamespaceObjects): readonly VmStatus[] {
  const index = serviceIndex(entries, services);
  const byName = groups && new Map(groups.map((group) => [group.metadata.name, group]));
  const byAddress = groupedBy(entries, entryAddress);
  const twinsOf = (entry: KubeObject): readonly KubeObject[] =>
    entryAddress(entry) === '' ? [] : (byAddress.get(entryAddress(entry)) ?? []).filter((other) => other !== entry);
  const ofEntries = entries.map((entry) =>
    statusOfEntry(entry, { services: index, twins: twinsOf(entry), ...present({ groups: byName }) }),
  );
  const withEntry = new Set(entries.map(automaticGroup));
  const alone = (groups ?? []).filter(({ metadata }) => !withEntry.has(metadata.name)).map(statusOfGroup);
  return [...ofEntries, ...alone].toSorted((a, b) => compare(a.vm, b.vm) || compare(a.address ?? '', b.address ?? ''));
}

/** Does not compare each Service with each entry. */
function serviceIndex(entries: readonly KubeObject[], services: readonly KubeObject[]): ServiceIndex {
  const index = new EntryIndex(entries);
  const selecting = new Map<KubeObject, KubeObject[]>();
  for (const service of services)
    for (const entry of index.selectedBy(selectorOf(service)))
      selecting.set(entry, [...(selecting.get(entry) ?? []), service]);
  return { selecting, byName: new Map(services.map((service) => [service.metadata.name, service])) };
}

/** By code units: the order does not depend on the language of the operator. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

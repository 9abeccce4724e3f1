import type { NamespacePicture } from '../../cluster/picture/picture.ts';
import { EntryIndex } from '../../cluster/picture/vm-services.ts';
import { automaticGroup, entryAddress, entryLabels } from '../../cluster/registration/entries.ts';
import { groupLabels } from '../../mesh/current/group.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { servicesNamed } from '../../mesh/workload-labels.ts';
import type { Part } from '../../cluster/picture/part.ts';
import { selectorOf } from './objects.ts';

/** Groups and entries of some VMs of a namespace. */
interface Chosen {
  readonly groups: readonly KubeObject[];
  readonly entries: readonly KubeObject[];
}

function foundOr(part: Part<readonly KubeObject[]>): readonly KubeObject[] {
  return 'found' in part ? part.found : [];
}

/** Whether a word names a VM of the namespace: its group, its entry or its address; also as NAMESPACE/NAME. */
export function namesVm(word: string, picture: NamespacePicture): boolean {
  return choose([word], picture).groups.length + choose([word], picture).entries.length > 0;
}

function choose(words: readonly string[], { name, parts }: NamespacePicture): Chosen {
  const names = new Set(words.map((word) => (word.startsWith(`${name}/`) ? word.slice(name.length + 1) : word)));
  const [groups, entries] = [foundOr(parts.groups), foundOr(parts.entries)];
  const named = groups.filter(({ metadata }) => names.has(metadata.name));
  const namedGroups = new Set(named.map(({ metadata }) => metadata.name));
  const own = entries.filter(
    (entry) =>
      names.has(entry.metadata.name) ||
      names.has(entryAddress(entry)) ||
      namedGroups.has(automaticGroup(entry) ?? '') ||
      // The group may be gone.
      names.has(automaticGroup(entry) ?? ''),
  );
  const ofEntries = new Set(own.map(automaticGroup));
  const all = groups.filter(({ metadata }) => namedGroups.has(metadata.name) || ofEntries.has(metadata.name));
  return { groups: all, entries: own };
}

/** The namespace with only the groups, entries and Services of these VMs; of all VMs without words. */
export function withChosen(words: readonly string[], picture: NamespacePicture): NamespacePicture {
  if (words.length === 0) return picture;
  const { groups, entries } = choose(words, picture);
  const { parts } = picture;
  const index = new EntryIndex(entries);
  const named = new Set([...groups.map(groupLabels), ...entries.map(entryLabels)].flatMap(servicesNamed));
  const concerns = (service: KubeObject): boolean =>
    named.has(service.metadata.name) || index.selectedBy(selectorOf(service)).length > 0;
  const only = (part: Part<readonly KubeObject[]>, kept: readonly KubeObject[]): Part<readonly KubeObject[]> =>
    'refused' in part ? part : { found: kept };
  const services = foundOr(parts.services).filter(concerns);
  return {
    ...picture,
    parts: {
      ...parts,
      groups: only(parts.groups, groups),
      entries: only(parts.entries, entries),
      services: only(parts.services, services),
    },
  };
}

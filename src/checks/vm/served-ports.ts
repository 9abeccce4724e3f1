import { declaredPorts, entryPorts, portsOf } from '../../mesh/current/entry-ports.ts';
import { mapping } from '../../mesh/unknown.ts';
import type { VmFacts } from './facts.ts';

/** A port of the VM that its entry names. */
export interface ServedPort {
  readonly name: string;
  readonly number: number;
}

/** The ports of the VM's entries, also while a service is drained or down; without an entry those of its group. */
export function servedPorts({ entries, groups }: Pick<VmFacts, 'entries' | 'groups'>): readonly ServedPort[] {
  const ofEntries = entries.flatMap((entry) => Object.entries({ ...declaredPorts(entry), ...entryPorts(entry) }));
  const ofGroups = groups.flatMap((group) => Object.entries(portsOf(mapping(group['spec'])['template'])));
  const all = ofEntries.length > 0 ? ofEntries : ofGroups;
  return [...new Map(all.map(([name, number]) => [number, { name, number }])).values()];
}

import type { KubeObject } from '../kube-object.ts';
import { mapping } from '../unknown.ts';
import { PORTS_ANNOTATION } from './agent-annotations.ts';

/** Names of an entry's ports and their numbers. */
export type EntryPorts = Readonly<Record<string, number>>;

/** On an entry that is out of rotation: the ports that return with it. */
export const DRAINED_ANNOTATION = 'meshx.dev/drained-ports';

/** `http-8080=8080,mysql-3306=3306`, sorted by name: the form of PORTS_ANNOTATION. */
export function formatEntryPorts(ports: EntryPorts): string {
  return Object.entries(ports)
    .map(([name, number]) => `${name}=${number}`)
    .sort()
    .join(',');
}

/** The ports of an entry, or of a group's template. */
export function portsOf(holder: unknown): EntryPorts {
  const entries = Object.entries(mapping(mapping(holder)['ports']));
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

/** The ports that an entry has now. */
export function entryPorts(entry: KubeObject): EntryPorts {
  return portsOf(entry['spec']);
}

/** The ports that an entry is declared to have while its services are ready; undefined if meshx has declared none. */
export function declaredPorts(entry: KubeObject): EntryPorts | undefined {
  const text = entry.metadata.annotations?.[PORTS_ANNOTATION];
  return text === undefined ? undefined : parseEntryPorts(text);
}

/** The ports that an entry lost when it left rotation; undefined while it is in rotation. */
export function drainedPorts(entry: KubeObject): EntryPorts | undefined {
  const text = entry.metadata.annotations?.[DRAINED_ANNOTATION];
  return text === undefined ? undefined : parseEntryPorts(text);
}

/** Reads the form of formatEntryPorts. Ignores anything else: others may write the annotation. */
function parseEntryPorts(text: string): EntryPorts {
  const found = [...text.matchAll(/(?:^|,)([a-z0-9-]{1,63})=([1-9]\d{0,4})(?=,|$)/g)];
  return Object.fromEntries(found.map(([, name = '', number]) => [name, Number(number)]));
}

import { PORTS_ANNOTATION } from '../../mesh/current/agent-annotations.ts';
import {
  declaredPorts,
  DRAINED_ANNOTATION,
  drainedPorts,
  entryPorts,
  type EntryPorts,
  formatEntryPorts,
} from '../../mesh/current/entry-ports.ts';
import { type KubeObject, madeByMeshx, refOf, showRef } from '../../mesh/kube-object.ts';
import type { MeshService, Workload } from '../../mesh/workload.ts';
import { entryPortName } from '../../mesh/workload-labels.ts';
import type { Relabel } from '../api/plan.ts';
import { automaticGroup } from './entries.ts';
import { hasAgent } from './relabels.ts';

/** The ports of a service by the names that its Service asks for. */
export function namedPorts(ports: MeshService['ports']): EntryPorts {
  return Object.fromEntries(ports.map((port) => [entryPortName(port), port.number]));
}

/** The ports that an entry has, or returns with after a drain. */
function portsInRotation(entry: KubeObject): EntryPorts {
  return { ...entryPorts(entry), ...drainedPorts(entry) };
}

/** Whether an entry lacks some port of the service. */
export function lacksPort(entry: KubeObject, { ports }: MeshService): boolean {
  const found = portsInRotation(entry);
  return Object.entries(namedPorts(ports)).some(([name, number]) => found[name] !== number);
}

/**
 * The patch that gives an entry the ports of a service; undefined if it needs none; why it cannot be given them
 * otherwise. `workloads` are those of meshx's groups in the namespace.
 */
export function missingPorts(
  entry: KubeObject,
  service: MeshService,
  workloads: readonly Workload[],
): Relabel | string | undefined {
  const who = showRef(refOf(entry));
  const group = automaticGroup(entry);
  const workload = workloads.find((one) => one.group === group);
  if (group === undefined ? !madeByMeshx(entry) : !workload) return `${who} belongs to another owner`;
  const found = portsInRotation(entry);
  const numbers = workload
    ? (workload.services.find(({ name }) => name === service.name)?.ports ?? []).map(({ number }) => number)
    : Object.values(found);
  const wanted = Object.entries(namedPorts(service.ports)).filter(([, number]) => numbers.includes(number));
  const taken = wanted.find(([name, number]) => (found[name] ?? number) !== number);
  if (taken) return `${who} has another port named ${taken[0]}`;
  // An agent removes a declared port while its service is down.
  const held = hasAgent(entry) ? (declaredPorts(entry) ?? {}) : {};
  const due = wanted.filter(([name]) => found[name] === undefined && held[name] === undefined);
  return due.length === 0 ? undefined : withPorts(entry, Object.fromEntries(due));
}

/** An entry out of rotation gets the ports when it returns. An agent may only add ports that are declared. */
function withPorts(entry: KubeObject, ports: EntryPorts): Relabel {
  const [declared, drained] = [declaredPorts(entry), drainedPorts(entry)];
  const annotations = {
    ...(declared && { [PORTS_ANNOTATION]: formatEntryPorts({ ...declared, ...ports }) }),
    ...(drained && { [DRAINED_ANNOTATION]: formatEntryPorts({ ...drained, ...ports }) }),
  };
  return {
    ref: refOf(entry),
    ...(!drained && { ports }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

/** One patch for each entry. */
export function mergedPatches(patches: readonly Relabel[]): readonly Relabel[] {
  const names = [...new Set(patches.map(({ ref }) => ref.name))];
  return names.flatMap((name) => {
    const [first, ...rest] = patches.filter(({ ref }) => ref.name === name);
    return first ? [rest.reduce(merge, first)] : [];
  });
}

function merge(one: Relabel, other: Relabel): Relabel {
  const keys = Object.keys({ ...one.annotations, ...other.annotations });
  const annotations = Object.fromEntries(keys.map((key) => [key, joined(one, other, key)]));
  return {
    ref: one.ref,
    ...((one.ports ?? other.ports) && { ports: { ...one.ports, ...other.ports } }),
    ...(keys.length > 0 && { annotations }),
  };
}

/** Both annotations are lists of ports. */
function joined(one: Relabel, other: Relabel, key: string): string {
  const lists = [one, other].map(({ annotations }) => annotations?.[key] ?? '');
  return [...new Set(lists.flatMap((text) => text.split(',')))]
    .filter((text) => text !== '')
    .sort()
    .join(',');
}

/** The entry as its patch leaves it. */
export function patched(entry: KubeObject, patches: readonly Relabel[]): KubeObject {
  const patch = patches.find(({ ref }) => ref.name === entry.metadata.name);
  if (!patch) return entry;
  const annotations = { ...entry.metadata.annotations, ...patch.annotations } as Readonly<Record<string, string>>;
  const spec = { ...(entry['spec'] as object), ports: { ...entryPorts(entry), ...patch.ports } };
  return { ...entry, metadata: { ...entry.metadata, annotations }, spec };
}

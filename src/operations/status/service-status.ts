import { tryJson } from '../../documents/json.ts';
import { numberOn, portsOf } from '../../checks/mesh/objects.ts';
import { entryLabels } from '../../cluster/registration/entries.ts';
import { AGENT_STATE_PREFIX } from '../../mesh/current/agent-annotations.ts';
import { declaredPorts } from '../../mesh/current/entry-ports.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { DRAINING, serviceKey, servicesNamed } from '../../mesh/workload-labels.ts';
import { present } from '../../present.ts';
import type { PortStatus, ServiceStatus, ServiceWord } from './mesh-status.ts';

const WORDS: ReadonlySet<string> = new Set<ServiceWord>([
  'starting',
  'ready',
  'degraded',
  'down',
  'draining',
  'drained',
]);

/** A Service, or only its name where there is no such Service. */
interface Served {
  readonly name: string;
  readonly object?: KubeObject;
  /** Whether it selects the entry. */
  readonly selects: boolean;
}

/** The Services of a namespace by their names, and those that select each entry. */
export interface ServiceIndex {
  readonly byName: ReadonlyMap<string, KubeObject>;
  readonly selecting: ReadonlyMap<KubeObject, readonly KubeObject[]>;
}

/** The services of an entry: those that its labels name, and those that select it. Pure. */
export function servicesOfEntry(entry: KubeObject, { byName, selecting }: ServiceIndex): readonly ServiceStatus[] {
  const selected = new Set((selecting.get(entry) ?? []).map(({ metadata }) => metadata.name));
  const names = new Set([...servicesNamed(entryLabels(entry)), ...selected]);
  return [...names]
    .sort()
    .map((name) => statusOf(entry, { name, selects: selected.has(name), ...present({ object: byName.get(name) }) }));
}

function statusOf(entry: KubeObject, served: Served): ServiceStatus {
  const { name, object, selects } = served;
  const ports = object ? portsOf(object).map((port) => portStatus(entry, port)) : [];
  const isServed = selects && ports.length > 0 && ports.every((port) => port.present);
  const said = saidOf(entry, name);
  const isDraining = entryLabels(entry)[serviceKey(name)] === DRAINING;
  const word = isDraining ? 'draining' : isServed ? 'ready' : 'down';
  const state = isDraining && said?.state !== 'drained' ? word : (said?.state ?? word);
  const words = said?.state === state ? present({ since: said.since, reason: said.reason }) : {};
  return { name, state, ...words, said: said !== undefined, served: isServed, ports };
}

function portStatus(entry: KubeObject, port: ReturnType<typeof portsOf>[number]): PortStatus {
  const number = numberOn(entry, port);
  const declared = typeof port.target === 'number' ? port.target : declaredPorts(entry)?.[port.target];
  return { name: port.name, number: number ?? declared ?? port.number, present: number !== undefined };
}

/** What the agent last said of a service. Others may write the annotation, too. */
function saidOf(entry: KubeObject, name: string) {
  const said = mapping(tryJson(entry.metadata.annotations?.[AGENT_STATE_PREFIX + name] ?? ''));
  const state = text(said['state']);
  if (state === undefined || !WORDS.has(state)) return undefined;
  // as: the set holds exactly these words.
  return { state: state as ServiceWord, ...present({ since: isoTime(said['since']), reason: text(said['reason']) }) };
}

/** A time in ISO 8601, with milliseconds at most; undefined for anything else. istiod writes nanoseconds. */
export function isoTime(value: unknown): string | undefined {
  const time = text(value);
  const date = new Date(time ?? '');
  return time !== undefined && /^\d{4}-\d\d-\d\dT/.test(time) && !Number.isNaN(date.getTime())
    ? date.toISOString().replace('.000Z', 'Z')
    : undefined;
}

import { tryJson } from '../../documents/json.ts';
import { AGENT_STATE_PREFIX, HOLDER_ANNOTATION } from '../../mesh/current/agent-annotations.ts';
import { declaredPorts, drainedPorts } from '../../mesh/current/entry-ports.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { MeshService } from '../../mesh/workload.ts';
import { portMap } from '../../mesh/workload-labels.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { isInRotation, type ServiceHealth, type ServiceState } from '../health/health.ts';
import { formatHolder, parseHolder, type Holder } from './fence.ts';

/** A service as its file defines it. All files that give a weight give the same. */
export type ReportedService = MeshService & { readonly weight?: number };

/** What the entry must say. */
export interface WantedEntry {
  readonly entry: KubeObject;
  readonly services: readonly ServiceHealth[];
  readonly definitions: readonly ReportedService[];
  /** Ports of the settings, for an entry that declares none. */
  readonly ports: Readonly<Record<string, number>>;
  readonly holder: Holder;
}

/** A change of an entry. */
export interface EntryPatch {
  /** A JSON merge patch (RFC 7386), without its precondition. */
  readonly body: {
    readonly metadata?: { readonly annotations: Readonly<Record<string, string | null>> };
    readonly spec?: { readonly ports?: Readonly<Record<string, number | null>>; readonly weight?: number };
  };
  /** Services whose state changes in the cluster. A service that is ready when the entry first names it is no news. */
  readonly changed: readonly { readonly service: ServiceHealth; readonly isNews: boolean }[];
  /** Only the words of a reason differ, which may wait. */
  readonly minor: boolean;
}

/** Characters of one annotation: the policy allows no more. */
const LONGEST = 256;
const STATES: ReadonlySet<string> = new Set(['starting', 'ready', 'degraded', 'down', 'draining', 'drained']);

/**
 * What brings an entry to the health of its services; undefined when it is there. Of the ports it names only those that the entry
 * declares for these services. A service whose agent has only just started again keeps the state that the entry has. Pure.
 */
export function entryPatch(wanted: WantedEntry): EntryPatch | undefined {
  const names = wanted.definitions.map(({ name }) => name);
  const services = wanted.services.filter((service) => names.includes(service.name) && !isKept(wanted, service));
  const ports = portChanges(wanted, services);
  const notes = noteChanges(wanted, services);
  const changed = services.flatMap((service) => {
    const before = stateIn(wanted.entry, service.name);
    return before === service.state ? [] : [{ service, isNews: before !== undefined || service.state !== 'ready' }];
  });
  const spec = { ...(Object.keys(ports).length > 0 && { ports }), ...weightChange(wanted) };
  const hasSpec = Object.keys(spec).length > 0;
  const keys = Object.keys(notes);
  if (!hasSpec && keys.length === 0) return undefined;
  const removed = keys.some((key) => notes[key] === null);
  const minor = !hasSpec && !removed && changed.length === 0 && !(HOLDER_ANNOTATION in notes);
  const body = {
    ...(keys.length > 0 && { metadata: { annotations: notes } }),
    ...(hasSpec && { spec }),
  };
  return { body, changed, minor };
}

/**
 * After the restart of the agent alone, the last state is kept until the service has been judged. After a boot of the machine it does not:
 * istiod made the entry anew, with all ports.
 */
function isKept({ entry, holder }: WantedEntry, { name, state }: ServiceHealth): boolean {
  if (state !== 'starting') return false;
  const before = parseHolder(entry.metadata.annotations?.[HOLDER_ANNOTATION]);
  const last = stateIn(entry, name);
  return before?.boot === holder.boot && last !== undefined && isInRotation({ state: last });
}

/** Without a weight in any file the entry keeps its own. */
function weightChange({ entry, definitions }: WantedEntry): { readonly weight?: number } {
  const weight = definitions.find((definition) => definition.weight !== undefined)?.weight;
  return weight === undefined || mapping(entry['spec'])['weight'] === weight ? {} : { weight };
}

function portChanges(
  { entry, definitions, ports }: WantedEntry,
  services: readonly ServiceHealth[],
): Readonly<Record<string, number | null>> {
  const declared = declaredPorts(entry) ?? ports;
  const found = mapping(mapping(entry['spec'])['ports']);
  const isDrained = drainedPorts(entry) !== undefined;
  const changes = services.flatMap((service): readonly (readonly [string, number | null])[] => {
    const definition = definitions.find(({ name }) => name === service.name);
    const own = Object.entries(definition ? portMap({ services: [definition] }) : {});
    const known = own.filter(([name, number]) => declared[name] === number);
    // While an operator drains the VM, its ports return only with its labels.
    if (isInRotation(service)) return isDrained ? [] : known.filter(([name, number]) => found[name] !== number);
    return known.filter(([name]) => found[name] !== undefined).map(([name]) => [name, null] as const);
  });
  return Object.fromEntries(changes);
}

function noteChanges(
  { entry, definitions, holder }: WantedEntry,
  services: readonly ServiceHealth[],
): Readonly<Record<string, string | null>> {
  const { annotations = {} } = entry.metadata;
  const wanted = [
    [HOLDER_ANNOTATION, formatHolder(holder)] as const,
    ...services.map((service) => [AGENT_STATE_PREFIX + service.name, formatState(service)] as const),
  ];
  const names = definitions.map(({ name }) => AGENT_STATE_PREFIX + name);
  const gone = Object.keys(annotations).filter(
    (key) => key.startsWith(AGENT_STATE_PREFIX) && key !== HOLDER_ANNOTATION && !names.includes(key),
  );
  return Object.fromEntries([
    ...wanted.filter(([key, value]) => annotations[key] !== value),
    ...gone.map((key) => [key, null] as const),
  ]);
}

/** `{"state","since","reason"}` in visible ASCII, of 256 characters at most. */
export function formatState({ state, since, reason }: Omit<ServiceHealth, 'name'>): string {
  const plain = reason.replaceAll(/[^ -~]+/g, '?');
  const json = (words: string): string => JSON.stringify({ state, since: since.toISOString(), reason: words });
  let words = plain.slice(0, LONGEST);
  while (json(words).length > LONGEST) words = words.slice(0, -1);
  return json(words);
}

/** The state that the entry's annotation gives a service. */
function stateIn(entry: KubeObject, name: string): ServiceState | undefined {
  const state = text(mapping(tryJson(entry.metadata.annotations?.[AGENT_STATE_PREFIX + name] ?? ''))['state']);
  // as: the set holds exactly these states.
  return state !== undefined && STATES.has(state) ? (state as ServiceState) : undefined;
}

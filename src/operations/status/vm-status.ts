import { parseHolder } from '../../agent/report/fence.ts';
import { automaticGroup, entryAddress, entryLabels } from '../../cluster/registration/entries.ts';
import { AGENT_ANNOTATION, AGENT_STATE_PREFIX, HOLDER_ANNOTATION } from '../../mesh/current/agent-annotations.ts';
import { type KubeObject, madeByMeshx } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { servicesNamed, VM_LABEL } from '../../mesh/workload-labels.ts';
import { present } from '../../present.ts';
import { type Around, disagreements } from './disagreements.ts';
import type { AgentStatus, ConnectionStatus, ProbeStatus, ServiceStatus, VmState, VmStatus } from './mesh-status.ts';
import { isoTime, servicesOfEntry } from './service-status.ts';

/** The VM of an entry. Pure. */
export function statusOfEntry(entry: KubeObject, around: Around): VmStatus {
  const group = automaticGroup(entry);
  const spec = mapping(entry['spec']);
  const services = servicesOfEntry(entry, around.services);
  const [connection, probe, agent] = [connectionOf(entry), probeOf(entry), agentOf(entry)];
  const facts = { kind: kindOf(group), services, ...present({ connection, probe }) };
  const state = stateOf(facts);
  return {
    vm: group ?? entry.metadata.name,
    namespace: entry.metadata.namespace ?? 'default',
    kind: facts.kind,
    meshx:
      madeByMeshx(entry) || entryLabels(entry)[VM_LABEL] !== undefined || servicesNamed(entryLabels(entry)).length > 0,
    entry: entry.metadata.name,
    address: entryAddress(entry),
    ...present({ group, network: text(spec['network']), serviceAccount: text(spec['serviceAccount']) }),
    state,
    ...present({ since: sinceOf(entry, state, facts) }),
    services,
    ...present({ connection, probe, agent }),
    disagreements: disagreements(entry, { ...around, statuses: services, agent }),
  };
}

/** A VM that has no entry. */
export function statusOfGroup(group: KubeObject): VmStatus {
  const { name, namespace = 'default' } = group.metadata;
  const template = mapping(mapping(group['spec'])['template']);
  return {
    ...{ vm: name, namespace, kind: 'automatic', meshx: madeByMeshx(group), group: name },
    ...present({ network: text(template['network']), serviceAccount: text(template['serviceAccount']) }),
    ...{ state: 'absent', services: [], disagreements: [] },
  };
}

function kindOf(group: string | undefined): 'automatic' | 'fixed' {
  return group === undefined ? 'fixed' : 'automatic';
}

type Known = Pick<VmStatus, 'kind' | 'services' | 'connection' | 'probe'>;

function stateOf({ kind, services, connection, probe }: Known): VmState {
  if (kind === 'automatic' && connection?.connected !== true) return 'disconnected';
  if (probe?.healthy === false) return 'down';
  if (services.length > 0 && services.every(isDrained)) return 'draining';
  if (kind === 'fixed' && !services.some(({ said }) => said)) return 'registered';
  const good = services.filter(isGood);
  if (good.length === services.length) return good.some(({ state }) => state === 'degraded') ? 'degraded' : 'ready';
  return good.length === 0 ? 'down' : 'degraded';
}

function isDrained({ state }: ServiceStatus): boolean {
  return state === 'draining' || state === 'drained';
}

function isGood({ state, served }: ServiceStatus): boolean {
  return served && (state === 'ready' || state === 'degraded');
}

/** The last of the times that made the state what it is. */
function sinceOf(entry: KubeObject, state: VmState, { services, connection, probe }: Known): string | undefined {
  const of = (some: readonly ServiceStatus[]) => some.flatMap(({ since }) => since ?? []);
  const connected = connection?.since === undefined ? [] : [connection.since];
  const probed = probe?.since === undefined ? [] : [probe.since];
  const times = {
    ready: [...of(services), ...connected, ...probed],
    degraded: of(services.filter((service) => service.state !== 'ready' || !service.served)),
    down: [...of(services.filter((service) => !isGood(service))), ...(probe?.healthy === false ? probed : [])],
    draining: of(services),
    disconnected: connected,
    absent: [],
    registered: [isoTime(entry.metadata.creationTimestamp) ?? []].flat(),
  };
  return times[state].toSorted().at(-1);
}

/** Annotations of istiod on an automatic entry: pkg/config autoregistration of Istio. */
function connectionOf({ metadata: { annotations = {} } }: KubeObject): ConnectionStatus | undefined {
  const istiod = text(annotations['istio.io/workloadController']);
  const [began, ended] = ['connectedAt', 'disconnectedAt'].map((name) => annotations[`istio.io/${name}`]);
  if (began === undefined && ended === undefined) return undefined;
  return { connected: ended === undefined, ...present({ istiod, since: isoTime(ended ?? began) }) };
}

/** istiod writes the result of a readiness probe into a condition. A proxy that is probed and has reported nothing is not healthy. */
function probeOf(entry: KubeObject): ProbeStatus | undefined {
  const conditions = list(mapping(entry['status'])['conditions']).map(mapping);
  const condition = conditions.find(({ type }) => type === 'Healthy');
  const isProbed = entry.metadata.annotations?.['proxy.istio.io/health-checks-enabled'] === 'true';
  if (!condition) return isProbed ? { healthy: false, message: 'it has reported no health yet' } : undefined;
  const words = { since: isoTime(condition['lastTransitionTime']), message: text(condition['message']) };
  return { healthy: condition['status'] === 'True', ...present(words) };
}

function agentOf(entry: KubeObject): AgentStatus | undefined {
  const { annotations = {} } = entry.metadata;
  const declared = Number(/^[1-9]\d{0,8}$/.exec(annotations[AGENT_ANNOTATION] ?? '')?.[0]);
  const holder = parseHolder(annotations[HOLDER_ANNOTATION]);
  if (!Number.isInteger(declared) && !holder) return undefined;
  return present({
    declared: Number.isInteger(declared) ? declared : undefined,
    generation: holder?.generation,
    started: holder?.started,
    lastWord: lastWordOf(entry),
  });
}

/** When the fields of agents were last written, as the API server keeps it; else the time of the last change of a state. */
function lastWordOf(entry: KubeObject): string | undefined {
  const { managedFields, annotations = {} } = entry.metadata;
  const written = list(managedFields)
    .map(mapping)
    .filter(({ manager }) => manager === AGENT_MANAGER)
    .flatMap(({ time }) => isoTime(time) ?? []);
  const said = Object.entries(annotations)
    .filter(([key]) => key.startsWith(AGENT_STATE_PREFIX) && key !== HOLDER_ANNOTATION)
    .flatMap(([, value]) => [...value.matchAll(/"since":"([^"]+)"/g)].flatMap(([, time]) => isoTime(time) ?? []));
  return (written.length > 0 ? written : said).toSorted().at(-1);
}

/** Field manager of agents: src/agent/report/entry-api.ts. */
const AGENT_MANAGER = 'meshx-agent';

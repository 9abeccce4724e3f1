import { AGENT_ANNOTATION, PORTS_ANNOTATION } from '../../mesh/current/agent-annotations.ts';
import {
  DRAINED_ANNOTATION,
  drainedPorts,
  entryPorts,
  type EntryPorts,
  formatEntryPorts,
} from '../../mesh/current/entry-ports.ts';
import { type KubeObject, refOf } from '../../mesh/kube-object.ts';
import { mapping, textMapping } from '../../mesh/unknown.ts';
import type { Workload } from '../../mesh/workload.ts';
import { DRAINING, portMap, READY, serviceKey, servicesNamed, TUNNEL_LABEL } from '../../mesh/workload-labels.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { Relabel } from '../api/plan.ts';
import { reachOf } from '../facts/load-balancer.ts';
import { automaticGroup, entryAddress, entryLabels, isInService } from './entries.ts';
import { keysToNudge, servicesNamedSo } from './service-targets.ts';

export interface RelabelQuery {
  readonly workload: Workload;
  /** Address of the VM that joins. */
  readonly address?: string | undefined;
  /** Entries of the namespace. */
  readonly entries: readonly KubeObject[];
  /** Services of other owners that the workload joins. */
  readonly foreign?: readonly KubeObject[];
  /** The group belongs to another owner: its entries get no other label. */
  readonly tunnelOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Labels, ports and annotations to set or remove on existing automatic entries: istiod applies a change of the group only
 * to new ones. A service that a dead run left out of rotation becomes ready again. Any other value is another owner's
 * decision and stays.
 */
export async function relabels(kube: Kubernetes, query: RelabelQuery): Promise<readonly Relabel[]> {
  const { workload, foreign = [], tunnelOnly, signal } = query;
  const mine = query.entries.filter((entry) => automaticGroup(entry) === workload.group);
  if (tunnelOnly === true)
    return mine.map((entry) => ({ ref: refOf(entry), labels: tunnelChange(entry, workload) })).filter(isChange);
  const selected = Object.assign({}, ...foreign.map((service) => textMapping(reachOf(service).selector))) as Labels;
  const gone = [...new Set(mine.flatMap((entry) => goneServices(entry, workload)))];
  const services = await servicesNamedSo(kube, gone, { namespace: workload.namespace, signal });
  return mine
    .flatMap((entry) => [joining(entry, query, selected), leaving(kube, entry, { workload, services })])
    .filter(isChange);
}

type Labels = Readonly<Record<string, string>>;

function isChange({ labels, annotations, ports }: Relabel): boolean {
  return [labels, annotations, ports].some((part) => part && Object.keys(part).length > 0);
}

/** Everything but the labels of services that the workload no longer has. */
function joining(entry: KubeObject, query: RelabelQuery, selected: Labels): Relabel {
  const { workload } = query;
  const change = {
    labels: labelChanges(entry, workload, selected),
    ports: portChanges(entry, query),
    annotations: annotationChanges(entry, query),
  };
  const parts = Object.entries(change).filter(([, part]) => Object.keys(part).length > 0);
  return { ref: refOf(entry), ...(Object.fromEntries(parts) as Partial<typeof change>) };
}

/** The entry lost the ports of these services before: istiod recomputes only Services that it still selects. */
function leaving(
  kube: Kubernetes,
  entry: KubeObject,
  { workload, services }: { readonly workload: Workload; readonly services: readonly KubeObject[] },
): Relabel {
  const names = goneServices(entry, workload);
  const keys = names.filter((name) => isInService(entry, name)).map(serviceKey);
  const nudge = keysToNudge(kube, services, { keys, ports: portsAfter(entry, workload) });
  const labels = Object.fromEntries(names.map((name) => [serviceKey(name), null]));
  return { ref: refOf(entry), labels, ...(nudge.length > 0 && { nudge }) };
}

function goneServices(entry: KubeObject, { services }: Workload): readonly string[] {
  return servicesNamed(entryLabels(entry)).filter((name) => !services.some((service) => service.name === name));
}

function labelChanges(entry: KubeObject, workload: Workload, selected: Labels): Labels {
  const labels = entryLabels(entry);
  // A Service selects by the labels of the spec. A value that only the metadata has keeps its state.
  const selectable = textMapping(mapping(entry['spec'])['labels']);
  const keys = workload.services
    .map(({ name }) => serviceKey(name))
    .filter((key) => selectable[key] === undefined || selectable[key] === DRAINING);
  const added = keys.map((key) => [key, stateOf(labels[key])]);
  const joined = Object.entries(selected).filter(([key, value]) => labels[key] !== value);
  return { ...(Object.fromEntries([...added, ...joined]) as Labels), ...tunnelChange(entry, workload) };
}

/** Ambient clients read the label only in the entry's metadata. */
function tunnelChange(entry: KubeObject, { labels }: Workload): Labels {
  const wanted = labels[TUNNEL_LABEL];
  return wanted === undefined || entry.metadata.labels?.[TUNNEL_LABEL] === wanted ? {} : { [TUNNEL_LABEL]: wanted };
}

function stateOf(label: string | undefined): string {
  return label === undefined || label === DRAINING ? READY : label;
}

/** The ports that a new entry of the group would have. */
function portChanges(entry: KubeObject, query: RelabelQuery): Readonly<Record<string, number | null>> {
  const [found, wanted] = [entryPorts(entry), portMap(query.workload)];
  const missing = Object.entries(addable(entry, query)).filter(([name, number]) => found[name] !== number);
  const stale = Object.keys(found).filter((name) => wanted[name] === undefined);
  return { ...Object.fromEntries(missing), ...Object.fromEntries(stale.map((name) => [name, null])) };
}

/** An agent decides which ports an entry has, except those of new services and those that a drain took away. */
function addable(entry: KubeObject, { workload, address }: RelabelQuery): EntryPorts {
  const wanted = portMap(workload);
  if (!hasAgent(entry) && !(entryAddress(entry) === address && workload.agent !== undefined)) return wanted;
  const labels = entryLabels(entry);
  const services = workload.services.filter(({ name }) => labels[serviceKey(name)] === undefined);
  const names = Object.keys({ ...drainedPorts(entry), ...portMap({ services }) });
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => names.includes(name)));
}

function portsAfter(entry: KubeObject, workload: Workload): EntryPorts {
  const wanted = Object.keys(portMap(workload));
  return Object.fromEntries(Object.entries(entryPorts(entry)).filter(([name]) => wanted.includes(name)));
}

/** Whether an agent was installed on the VM of an entry. */
export function hasAgent(entry: KubeObject): boolean {
  return entry.metadata.annotations?.[AGENT_ANNOTATION] !== undefined;
}

function annotationChanges(
  entry: KubeObject,
  { workload, address }: RelabelQuery,
): Readonly<Record<string, string | null>> {
  const ports = formatEntryPorts(portMap(workload));
  const wanted = {
    [PORTS_ANNOTATION]: ports === '' ? undefined : ports,
    [DRAINED_ANNOTATION]: undefined,
    // Other VMs of the group have agents of their own generations, or none.
    ...(entryAddress(entry) === address && { [AGENT_ANNOTATION]: workload.agent?.toString() }),
  };
  const found = entry.metadata.annotations ?? {};
  const changes = Object.entries(wanted).filter(([key, value]) => found[key] !== value);
  return Object.fromEntries(changes.map(([key, value]) => [key, value ?? null]));
}

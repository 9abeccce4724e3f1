import { NETWORKING } from '../../mesh/current/objects.ts';
import { refOf, showRef, type KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text, textMapping } from '../../mesh/unknown.ts';
import type { Workload } from '../../mesh/workload.ts';
import {
  DRAINING,
  READY,
  SERVICE_LABEL_PREFIX,
  serviceKey,
  servicesNamed,
  TUNNEL_LABEL,
} from '../../mesh/workload-labels.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { isNudge } from './nudge.ts';
import type { Relabel } from '../api/plan.ts';
import { reachOf } from '../facts/load-balancer.ts';

/** istiod sets it on automatic entries. */
const GROUP_ANNOTATION = 'istio.io/autoRegistrationGroup';

/** The group of an automatic entry; undefined for a fixed one. */
export function automaticGroup(entry: KubeObject): string | undefined {
  return entry.metadata.annotations?.[GROUP_ANNOTATION];
}

/** Labels of an entry as istiod merges them: metadata over spec. */
export function entryLabels(entry: KubeObject): Readonly<Record<string, string>> {
  return { ...textMapping(mapping(entry['spec'])['labels']), ...entry.metadata.labels };
}

export function entryAddress(entry: KubeObject): string {
  return text(mapping(entry['spec'])['address']) ?? '';
}

/** All entries of a namespace, without nudges. */
export async function listEntries(
  kube: Kubernetes,
  namespace: string,
  signal?: AbortSignal,
): Promise<readonly KubeObject[]> {
  const entries = await kube.list({ apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace }, signal);
  return entries.filter((entry) => !isNudge(entry));
}

export interface EntriesQuery {
  readonly workload: Workload;
  /** Services of other owners that the workload joins. */
  readonly foreign?: readonly KubeObject[];
  /** The group belongs to another owner: its entries get no other label. */
  readonly tunnelOnly?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Labels to set or remove on existing automatic entries: istiod applies a change of the group only to new ones. A
 * service that a dead run left out of rotation becomes ready again. Any other value is another owner's decision and
 * stays.
 */
export async function relabels(kube: Kubernetes, query: EntriesQuery): Promise<readonly Relabel[]> {
  const { workload, foreign = [], tunnelOnly, signal } = query;
  const entries = await listEntries(kube, workload.namespace, signal);
  const selected = Object.assign({}, ...foreign.map((service) => textMapping(reachOf(service).selector))) as Labels;
  const mine = entries.filter((entry) => automaticGroup(entry) === workload.group);
  const changesOf = (entry: KubeObject): Relabel['labels'] =>
    tunnelOnly ? tunnelChange(entry, workload) : labelChanges(entry, workload, selected);
  const changes = mine.map((entry) => ({
    ref: refOf(entry),
    labels: changesOf(entry),
    ...missingPorts(entry, workload),
  }));
  return changes.filter(({ labels, ports }) => Object.keys(labels).length > 0 || ports !== undefined);
}

type Labels = Readonly<Record<string, string>>;

function labelChanges(
  entry: KubeObject,
  workload: Workload,
  selected: Labels,
): Readonly<Record<string, string | null>> {
  const labels = entryLabels(entry);
  const names = workload.services.map(({ name }) => name);
  // A Service selects by the labels of the spec. A value that only the metadata has keeps its state.
  const selectable = textMapping(mapping(entry['spec'])['labels']);
  const keys = names.map(serviceKey).filter((key) => selectable[key] === undefined || selectable[key] === DRAINING);
  const added = keys.map((key) => [key, stateOf(labels[key])]);
  const gone = servicesNamed(labels).filter((name) => !names.includes(name));
  const removed = gone.map((name) => [SERVICE_LABEL_PREFIX + name, null]);
  const joined = Object.entries(selected).filter(([key, value]) => labels[key] !== value);
  return {
    ...(Object.fromEntries([...added, ...removed, ...joined]) as Readonly<Record<string, string | null>>),
    ...tunnelChange(entry, workload),
  };
}

/** Named target ports of other owners' Services that the entry lacks. */
function missingPorts(entry: KubeObject, { ports = {}, foreignGroup }: Workload): Pick<Relabel, 'ports'> {
  const found = mapping(mapping(entry['spec'])['ports']);
  const missing = Object.entries(ports).filter(([name, number]) => found[name] !== number);
  return foreignGroup || missing.length === 0 ? {} : { ports: Object.fromEntries(missing) };
}

/** Ambient clients read the label only in the entry's metadata. */
function tunnelChange(entry: KubeObject, { labels }: Workload): Labels {
  const wanted = labels[TUNNEL_LABEL];
  return wanted === undefined || entry.metadata.labels?.[TUNNEL_LABEL] === wanted ? {} : { [TUNNEL_LABEL]: wanted };
}

function stateOf(label: string | undefined): string {
  return label === undefined || label === DRAINING ? READY : label;
}

export interface FixedEntryQuery {
  readonly workload: Workload;
  readonly address: string;
  readonly signal?: AbortSignal;
}

/** Two entries with one address in one Service would each count as an endpoint. Throws `entry-beside-automatic`. */
export async function refuseBesideAutomatic(kube: Kubernetes, query: FixedEntryQuery): Promise<void> {
  const { workload, address, signal } = query;
  const names = workload.services.map(({ name }) => name);
  for (const entry of await listEntries(kube, workload.namespace, signal)) {
    const services = servicesNamed(entryLabels(entry)).filter((name) => names.includes(name));
    if (automaticGroup(entry) === undefined || entryAddress(entry) !== address || services.length === 0) continue;
    throw clusterProblems.entryBesideAutomatic({ address, entry: showRef(refOf(entry)), services });
  }
}

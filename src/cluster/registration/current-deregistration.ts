import { AGENT_ANNOTATION, PORTS_ANNOTATION } from '../../mesh/current/agent-annotations.ts';
import { declaredPorts, entryPorts, formatEntryPorts } from '../../mesh/current/entry-ports.ts';
import { withoutService, workloadOf } from '../../mesh/current/group.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import { currentObjects } from '../../mesh/current/registration.ts';
import { madeByMeshx, refOf, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { serviceKey, servicesNamed } from '../../mesh/workload-labels.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { loopbackPorts } from './current-registration.ts';
import { automaticGroup, entryAddress, entryLabels, isInService, listEntries } from './entries.ts';
import { keysToNudge, servicesNamedSo, targetNames } from './service-targets.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN, planObjects, type ClusterPlan, type Relabel } from '../api/plan.ts';
import { serviceRef } from '../api/refs.ts';

export interface Deregistration {
  readonly namespace: string;
  readonly service: string;
  /** Absent: everything that meshx registered. */
  readonly address?: string;
  /** Keeps meshx's Service when its last endpoint is removed. */
  readonly keepService?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * What removes a machine, or every machine, from a service. Other services of the same machines stay. Throws
 * `service-not-registered`.
 */
export async function planCurrentDeregistration(kube: Kubernetes, wanted: Deregistration): Promise<ClusterPlan> {
  const state = await readState(kube, wanted);
  const going = state.entries.filter((entry) => wanted.address === undefined || entryAddress(entry) === wanted.address);
  const staying = state.entries.filter((entry) => !going.includes(entry));
  const groups = state.groups.filter(
    (group) => !staying.some((entry) => automaticGroup(entry) === group.metadata.name),
  );
  const changed = wanted.address === undefined ? state.groups : groups.filter((group) => isGroupOf(group, going));
  if (going.length === 0 && changed.length === 0) throw notRegistered(kube, wanted);
  const parts = await Promise.all(changed.map((group) => withoutInGroup(kube, group, wanted)));
  const leaving = going.filter((entry) => !isLastServiceOfFixed(entry));
  const relabel = await Promise.all(leaving.map((entry) => outOfService(kube, entry, wanted, state.service)));
  const isLast = staying.length === 0 && state.groups.every((group) => changed.includes(group));
  return {
    ...EMPTY_PLAN,
    change: parts.flatMap((part) => part.change),
    unchanged: parts.flatMap((part) => part.unchanged),
    relabel: relabel.flat(),
    remove: [
      ...going.filter(isLastServiceOfFixed).map(refOf),
      ...parts.flatMap((part) => part.remove),
      ...(isLast ? removableService(state.service, wanted) : []),
    ],
    ...agentNotes(going, wanted),
  };
}

/** Files on a VM are the operator's: this command does not log in there. */
function agentNotes(going: readonly KubeObject[], { service }: Deregistration): Pick<ClusterPlan, 'notes'> {
  const hasAgent = ({ metadata }: KubeObject): boolean => (metadata.annotations ?? {})[AGENT_ANNOTATION] !== undefined;
  const vms = going.filter(hasAgent).map((entry) => automaticGroup(entry) ?? entryAddress(entry));
  if (vms.length === 0) return {};
  const file = `/etc/meshx/services.d/${service}.yaml`;
  return { notes: [`the agent on ${vms.join(', ')} still probes ${service}: remove ${file} there`] };
}

interface State {
  readonly service: KubeObject | undefined;
  /** Groups and entries that name the service. */
  readonly groups: readonly KubeObject[];
  readonly entries: readonly KubeObject[];
}

async function readState(kube: Kubernetes, { namespace, service, signal }: Deregistration): Promise<State> {
  const [found, groups, entries] = await Promise.all([
    kube.get(serviceRef(namespace, service), signal),
    kube.list({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace }, signal),
    listEntries(kube, namespace, signal),
  ]);
  const named = groups.filter((group) => madeByMeshx(group) && servesService(group, service));
  // A fixed entry of another owner stays, whatever its labels.
  const ours = entries.filter((entry) => madeByMeshx(entry) || automaticGroup(entry) !== undefined);
  return { service: found, groups: named, entries: ours.filter((entry) => serviceKey(service) in entryLabels(entry)) };
}

function servesService(group: KubeObject, service: string): boolean {
  return workloadOf(group).services.some(({ name }) => name === service);
}

function isGroupOf(group: KubeObject, entries: readonly KubeObject[]): boolean {
  return entries.some((entry) => automaticGroup(entry) === group.metadata.name);
}

/** A fixed entry is deleted with its last service. istiod deletes its own entries. */
function isLastServiceOfFixed(entry: KubeObject): boolean {
  const services = Object.keys(entryLabels(entry)).filter((key) => key.startsWith(serviceKey('')));
  return automaticGroup(entry) === undefined && services.length <= 1;
}

/**
 * The ports that only this service asks for, then its label: istiod recomputes only Services that select the entry after a
 * change.
 */
async function outOfService(
  kube: Kubernetes,
  entry: KubeObject,
  { service: name, namespace, signal }: Deregistration,
  service: KubeObject | undefined,
): Promise<readonly Relabel[]> {
  const others = servicesNamed(entryLabels(entry)).filter((other) => other !== name);
  const kept = (await servicesNamedSo(kube, others, { namespace, signal })).flatMap(targetNames);
  const found = entryPorts(entry);
  const gone = (service ? targetNames(service) : []).filter((port) => port in found && !kept.includes(port));
  const rest = Object.fromEntries(Object.entries(found).filter(([port]) => !gone.includes(port)));
  const key = serviceKey(name);
  const nudge = isInService(entry, name) && service ? keysToNudge(kube, [service], { keys: [key], ports: rest }) : [];
  return [
    ...(gone.length > 0 ? [withoutPorts(entry, gone)] : []),
    { ref: refOf(entry), labels: { [key]: null }, ...(nudge.length > 0 && { nudge }) },
  ];
}

function withoutPorts(entry: KubeObject, names: readonly string[]): Relabel {
  const declared = declaredPorts(entry);
  const kept = Object.entries(declared ?? {}).filter(([name]) => !names.includes(name));
  const annotation = kept.length > 0 ? formatEntryPorts(Object.fromEntries(kept)) : null;
  const ports = Object.fromEntries(names.map((name) => [name, null]));
  return { ref: refOf(entry), ports, ...(declared && { annotations: { [PORTS_ANNOTATION]: annotation } }) };
}

/**
 * Removes the service from the group, and its listener from the Sidecar. Deletes a Sidecar without listeners: Istio
 * refuses an empty one.
 */
async function withoutInGroup(kube: Kubernetes, group: KubeObject, wanted: Deregistration): Promise<ClusterPlan> {
  const workload = withoutService(workloadOf(group), wanted.service);
  const place = { apiVersion: NETWORKING, kind: 'Sidecar', namespace: wanted.namespace };
  const sidecarRef: ObjectRef = { ...place, name: `meshx-${workload.group}` };
  const sidecar = await kube.get(sidecarRef, wanted.signal);
  const before = sidecar === undefined ? {} : { inherits: sidecar, loopbackPorts: loopbackPorts(sidecar) };
  const foreignServices = workload.services.map(({ name }) => name);
  const objects = currentObjects({ workload, foreignServices, ...before });
  const plan = planObjects(objects.map((object) => [object, object.kind === 'Sidecar' ? sidecar : group]));
  const hasSidecar = objects.some((object) => object.kind === 'Sidecar');
  const isStale = sidecar !== undefined && madeByMeshx(sidecar) && !hasSidecar;
  return { ...plan, remove: isStale ? [sidecarRef] : [] };
}

function removableService(service: KubeObject | undefined, wanted: Deregistration): readonly ObjectRef[] {
  return service !== undefined && madeByMeshx(service) && wanted.keepService !== true ? [refOf(service)] : [];
}

function notRegistered(kube: Kubernetes, { service, address }: Deregistration): Error {
  return clusterProblems.notRegistered({ service, cluster: kube.name, ...(address === undefined ? {} : { address }) });
}

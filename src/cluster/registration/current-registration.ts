import { rootNamespaceOf } from '../../mesh/cluster-facts.ts';
import { groupLabels, workloadOf, withService } from '../../mesh/current/group.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import { currentObjects, type CurrentRegistration } from '../../mesh/current/registration.ts';
import { governingSidecar } from '../../mesh/current/sidecar.ts';
import { madeByMeshx, type KubeObject, type ObjectRef, refOf } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import type { Workload } from '../../mesh/workload.ts';
import { serviceKey } from '../../mesh/workload-labels.ts';
import { automaticGroup, entryAddress, entryLabels, listEntries, refuseBesideAutomatic } from './entries.ts';
import { planNamedTargets } from './named-targets.ts';
import { grantedRights } from './granted-rights.ts';
import { hasAgent, relabels } from './relabels.ts';
import { servicesNamedSo } from './service-targets.ts';
import { joinForeignServices } from './foreign-services.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { reachOf } from '../facts/load-balancer.ts';
import type { ClusterPlan } from '../api/plan.ts';
import { registrationPlan } from './register.ts';

export interface RegistrationOptions {
  readonly istioNamespace: string;
  /** Namespace of Sidecars for the whole mesh; the control plane's when absent. */
  readonly rootNamespace?: string;
  readonly signal?: AbortSignal;
}

/**
 * What must be written to register a workload in a current cluster, and the resulting workload. An existing group keeps its other services. A
 * Service of another owner is joined by the labels that it selects. Throws `service-of-another-owner`,
 * `object-of-another-owner`, `entry-beside-automatic`.
 */
export async function planCurrentRegistration(
  kube: Kubernetes,
  registration: CurrentRegistration,
  options: RegistrationOptions,
): Promise<{ readonly plan: ClusterPlan; readonly workload: Workload }> {
  const { signal } = options;
  const group = await findGroup(kube, registration, signal);
  const before = group && madeByMeshx(group) ? workloadOf(group) : undefined;
  const merged = before === undefined ? registration.workload : mergedWorkload(before, registration.workload);
  const { namespace } = merged;
  const names = merged.services.map(({ name }) => name);
  const services = await servicesNamedSo(kube, names, { namespace, signal });
  const foreign = services.filter((service) => !madeByMeshx(service));
  const workload = joinForeignServices(merged, foreign, kube.name);
  const sidecar = registration.fixedEntry ? {} : await sidecarBefore(kube, workload, options);
  const foreignGroup = group !== undefined && before === undefined && doesAsItIs(group, workload, foreign);
  const found = await listEntries(kube, namespace, signal);
  if (registration.fixedEntry) refuseBesideAutomatic(found, { workload, address: registration.fixedEntry.address });
  const targets = await planNamedTargets(kube, {
    ...targetsOf(registration, workload, services),
    ...othersIn(found, registration),
    signal,
  });
  const wanted = {
    ...sidecar,
    ...registration,
    workload,
    numericServices: targets.numeric,
    foreignServices: foreign.map(({ metadata }) => metadata.name),
    foreignGroup,
  };
  const plan = await registrationPlan(kube, currentObjects(wanted), signal);
  // Entries of another owner's group only lack the label for ambient clients.
  const { address } = registration;
  const query = { workload, address, entries: targets.entries, foreign, tunnelOnly: foreignGroup, signal };
  const relabel = registration.fixedEntry ? [] : await relabels(kube, query);
  const { prepare, notes, change } = targets;
  const remove = await needless(kube, group, { workload, found, address, signal });
  return { plan: { ...plan, change: [...change, ...plan.change], prepare, relabel, remove, notes }, workload };
}

async function needless(kube: Kubernetes, group: KubeObject | undefined, about: Membership) {
  const services = endedServices(kube, about.workload, about);
  return (await Promise.all([needlessRights(kube, group, about), services])).flat();
}

/** The rights of a group whose last agent goes. Another VM of the group may still have one. */
async function needlessRights(
  kube: Kubernetes,
  group: KubeObject | undefined,
  { workload, found, address, signal }: Membership,
): Promise<readonly ObjectRef[]> {
  if (group === undefined || workload.agent !== undefined) return [];
  const members = found.filter((entry) => automaticGroup(entry) === group.metadata.name);
  const isLast = members.every((entry) => entryAddress(entry) === address || !hasAgent(entry));
  return isLast ? grantedRights(kube, group, signal) : [];
}

/** Services of meshx that no other group and no entry of another group has, of those that end with the workload. */
async function endedServices(
  kube: Kubernetes,
  { ended = [], namespace, group }: Workload,
  { found, signal }: Pick<Membership, 'found' | 'signal'>,
): Promise<readonly ObjectRef[]> {
  if (ended.length === 0) return [];
  const groups = await kube.list({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace }, signal);
  const others = [
    ...groups.filter(({ metadata }) => metadata.name !== group).map(groupLabels),
    ...found.filter((entry) => automaticGroup(entry) !== group).map(entryLabels),
  ];
  const unused = ended.filter((name) => !others.some((labels) => serviceKey(name) in labels));
  return (await servicesNamedSo(kube, unused, { namespace, signal })).filter(madeByMeshx).map(refOf);
}

/** The VM that is registered, beside the entries of its namespace. */
interface Membership {
  readonly workload: Workload;
  readonly found: readonly KubeObject[];
  readonly address: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Services of other owners keep their target ports. A fixed entry has no group, whatever the names of others. */
function targetsOf({ fixedEntry }: CurrentRegistration, workload: Workload, services: readonly KubeObject[]) {
  const own = services.filter(madeByMeshx);
  const others = services.filter((service) => !own.includes(service)).map(({ metadata }) => metadata.name);
  const mine = workload.services.filter(({ name }) => !others.includes(name));
  const isGroup = fixedEntry === undefined;
  return { workload: { ...workload, services: mine }, services: own, isGroup };
}

/** The entries but the fixed one that is being registered. */
function othersIn(entries: readonly KubeObject[], { fixedEntry }: CurrentRegistration) {
  const isOwn = (entry: KubeObject): boolean =>
    automaticGroup(entry) === undefined && entryAddress(entry) === fixedEntry?.address;
  return { entries: entries.filter((entry) => !isOwn(entry)) };
}

async function findGroup(
  kube: Kubernetes,
  registration: CurrentRegistration,
  signal?: AbortSignal,
): Promise<KubeObject | undefined> {
  const { group: name, namespace } = registration.workload;
  if (registration.fixedEntry) return undefined;
  return await kube.get({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name }, signal);
}

/**
 * Whether another owner's group suffices unchanged: its labels join every service, with the same account. A Service of
 * meshx needs a label that only the group's owner may add.
 */
function doesAsItIs(group: KubeObject, workload: Workload, foreign: readonly KubeObject[]): boolean {
  const found = workloadOf(group, foreign);
  const labels = groupLabels(group);
  const selected = foreign.flatMap((service) => Object.entries(reachOf(service).selector));
  return (
    workload.services.length > 0 &&
    workload.services.every(({ name }) => foreign.some((service) => service.metadata.name === name)) &&
    selected.every(([key, value]) => labels[key] === value) &&
    found.serviceAccount === workload.serviceAccount
  );
}

/** The new options win; services that they do not name stay. */
function mergedWorkload(before: Workload, wanted: Workload): Workload {
  const gone = [...wanted.services.map(({ name }) => name), ...(wanted.dropped ?? [])];
  const kept = before.services.filter(({ name }) => !gone.includes(name));
  return kept.reduce((workload, service) => withService(workload, service), wanted);
}

/** The settings of the Sidecar that governs the VM today, which a new one must keep. */
async function sidecarBefore(
  kube: Kubernetes,
  workload: Workload,
  options: RegistrationOptions,
): Promise<Pick<CurrentRegistration, 'inherits' | 'loopbackPorts'>> {
  const rootNamespace = rootNamespaceOf(options);
  const namespaces = [...new Set([workload.namespace, rootNamespace])];
  const lists = await Promise.all(
    namespaces.map((namespace) => kube.list({ apiVersion: NETWORKING, kind: 'Sidecar', namespace }, options.signal)),
  );
  const sidecars = lists.flat();
  const own = sidecars.find((each) => madeByMeshx(each) && each.metadata.name === `meshx-${workload.group}`);
  const inherits = own ?? governingSidecar(sidecars, workload.namespace, rootNamespace);
  return { ...(inherits && { inherits }), ...(own && { loopbackPorts: loopbackPorts(own) }) };
}

/** Ports of a Sidecar that lead to 127.0.0.1. */
export function loopbackPorts(sidecar: KubeObject): readonly number[] {
  const listeners = list(mapping(sidecar['spec'])['ingress']).map(mapping);
  const loopback = listeners.filter((each) => text(each['defaultEndpoint'])?.startsWith('127.0.0.1:'));
  return loopback.map((each) => mapping(each['port'])['number']).filter((port) => typeof port === 'number');
}

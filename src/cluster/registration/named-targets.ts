import { workloadOf } from '../../mesh/current/group.ts';
import { portsOf } from '../../mesh/current/entry-ports.ts';
import { NETWORKING, workloadGroupObject } from '../../mesh/current/objects.ts';
import { type KubeObject, madeByMeshx, refOf, showRef } from '../../mesh/kube-object.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import type { MeshService, Workload } from '../../mesh/workload.ts';
import { entryPortName, READY, serviceKey } from '../../mesh/workload-labels.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes, ListQuery } from '../api/kubernetes.ts';
import { type ClusterPlan, planObjects, type Relabel } from '../api/plan.ts';
import { reachOf } from '../facts/load-balancer.ts';
import { automaticGroup, isInService, isMember } from './entries.ts';
import { lacksPort, mergedPatches, missingPorts, namedPorts, patched } from './missing-ports.ts';

export interface NamedTargetsQuery {
  readonly workload: Workload;
  /** Services that meshx made, as they are. */
  readonly services: readonly KubeObject[];
  /** Whether the workload is a group; else it is a fixed entry. */
  readonly isGroup: boolean;
  /** Entries of the namespace, without the fixed entry itself. */
  readonly entries: readonly KubeObject[];
  readonly signal?: AbortSignal | undefined;
}

/** What must happen before Services ask for ports by name. */
export interface NamedTargets extends Pick<ClusterPlan, 'change' | 'prepare'> {
  /** Services that keep numeric target ports. */
  readonly numeric: readonly string[];
  /** Why they keep them. */
  readonly notes: readonly string[];
  /** The entries with their new ports. */
  readonly entries: readonly KubeObject[];
}

/** A Service with entries that lack its ports, or with ports that it does not ask for by these names yet. */
interface Due {
  readonly service: MeshService;
  readonly lacking: readonly KubeObject[];
  readonly moving: readonly ServicePort[];
}

/**
 * Gives every entry behind the workload's Services the ports that they ask for by name, and their groups, so that a
 * Service drops no endpoint when it changes from numbers to names. Where that is impossible the Service keeps its
 * numbers. Only reads.
 */
export async function planNamedTargets(kube: Kubernetes, query: NamedTargetsQuery): Promise<NamedTargets> {
  const { workload, entries, signal } = query;
  const due = workload.services.map((service) => dueOf(service, query)).filter(isDue);
  if (due.length === 0) return { change: [], prepare: [], numeric: [], notes: [], entries };
  const { namespace } = workload;
  const all = await listed(kube, { apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace }, signal);
  const own = query.isGroup ? [workload] : [];
  const groups = readGroups(all, own);
  const workloads = [...own, ...groups.map((group) => group.workload)];
  const parts = await Promise.all(due.map((each) => planOne(kube, each, { query, workloads })));
  const prepare = mergedPatches(parts.flatMap((part) => part.prepare));
  const moved = due.filter(
    ({ service }) => !parts.some(({ notes, name }) => name === service.name && notes.length > 0),
  );
  return {
    change: groupChanges(groups, moved),
    prepare,
    numeric: parts.filter(({ notes }) => notes.length > 0).map(({ name }) => name),
    notes: parts.flatMap(({ notes }) => notes),
    entries: entries.map((entry) => patched(entry, prepare)),
  };
}

function dueOf(service: MeshService, { services, entries, workload, isGroup }: NamedTargetsQuery): Due {
  const found = services.find(({ metadata }) => metadata.name === service.name);
  // This registration returns the workload's own entries to rotation, with all ports.
  const own = (entry: KubeObject): boolean => isGroup && automaticGroup(entry) === workload.group;
  const members = entries.filter((entry) => (own(entry) ? isInService : isMember)(entry, service.name));
  const lacking = members.filter((entry) => lacksPort(entry, service));
  return { service, lacking, moving: found ? portsToMove(found, service) : [] };
}

function isDue({ lacking, moving }: Due): boolean {
  return lacking.length > 0 || moving.length > 0;
}

/** Ports of the Service that lead to the right number, but not by the name that entries have for it. */
function portsToMove(found: KubeObject, { ports }: MeshService): readonly ServicePort[] {
  const before = reachOf(found).ports;
  return ports.filter((port) =>
    before.some((one) => one.port === port.number && (one.targetPort ?? one.port) !== entryPortName(port)),
  );
}

interface Part {
  readonly name: string;
  readonly prepare: readonly Relabel[];
  /** Why the Service keeps its numbers. */
  readonly notes: readonly string[];
}

interface Around {
  readonly query: NamedTargetsQuery;
  readonly workloads: readonly Workload[];
}

async function planOne(kube: Kubernetes, due: Due, { query, workloads }: Around): Promise<Part> {
  const { service, lacking, moving } = due;
  const { name } = service;
  const results = lacking.map((entry) => missingPorts(entry, service, workloads));
  const dropped = lacking.filter((entry) => isInService(entry, name)).map((entry) => results[lacking.indexOf(entry)]);
  const prepare = results.filter((result): result is Relabel => typeof result === 'object');
  if (moving.length === 0) return { name, prepare, notes: [] };
  const { workload, signal } = query;
  const reasons = [
    ...dropped.filter((result) => typeof result === 'string'),
    ...(await podReasons(kube, { service, moving, namespace: workload.namespace, signal })),
  ];
  if (reasons.length === 0) return { name, prepare, notes: [] };
  const why = `Service ${workload.namespace}/${name} keeps its numeric target ports, because a named one would drop an endpoint`;
  return { name, prepare: [], notes: [`${why}: ${reasons.join('; ')}`] };
}

interface PodsQuery {
  readonly service: MeshService;
  readonly moving: readonly ServicePort[];
  readonly namespace: string;
  readonly signal: AbortSignal | undefined;
}

/** A pod is found by a named target port only if a container has a port of that name. */
async function podReasons(
  kube: Kubernetes,
  { service, moving, namespace, signal }: PodsQuery,
): Promise<readonly string[]> {
  const labelSelector = `${serviceKey(service.name)}=${READY}`;
  const pods = await listed(kube, { apiVersion: 'v1', kind: 'Pod', namespace, labelSelector }, signal);
  if (typeof pods === 'string') return [pods];
  const lacking = pods.filter((pod) => {
    const containers = list(mapping(pod['spec'])['containers']).map(mapping);
    const names = containers.flatMap((container) => list(container['ports']).map((port) => mapping(port)['name']));
    return moving.some((port) => !names.includes(entryPortName(port)));
  });
  return lacking.map((pod) => `${showRef(refOf(pod))} has no port of that name`);
}

/** The objects, or why they cannot be read: without the right to list them a Service keeps its numbers. */
async function listed(
  kube: Kubernetes,
  query: ListQuery,
  signal?: AbortSignal,
): Promise<readonly KubeObject[] | string> {
  try {
    return await kube.list(query, signal);
  } catch (error) {
    if (error instanceof Problem && error.id === clusterProblems.forbidden.id)
      return `you may not list each ${query.kind}`;
    throw error;
  }
}

interface Group {
  readonly object: KubeObject;
  readonly workload: Workload;
}

/** Groups of meshx but the workload's own. One that cannot be read counts as another owner's. */
function readGroups(all: readonly KubeObject[] | string, own: readonly Workload[]): readonly Group[] {
  const made = typeof all === 'string' ? [] : all.filter(madeByMeshx);
  const others = made.filter(({ metadata }) => !own.some(({ group }) => group === metadata.name));
  return others.flatMap((object) => {
    try {
      return [{ object, workload: workloadOf(object) }];
    } catch (error) {
      if (error instanceof Problem) return [];
      throw error;
    }
  });
}

/** A new entry of a group has the ports of the group. */
function groupChanges(groups: readonly Group[], moved: readonly Due[]): ClusterPlan['change'] {
  return groups.flatMap(({ object, workload }) => {
    const needed = moved.flatMap(({ service }) => portsFor(workload, service));
    const found = portsOf(mapping(object['spec'])['template']);
    if (needed.every(([name, number]) => found[name] === number)) return [];
    const ports = { ...workload.ports, ...Object.fromEntries(needed) };
    return planObjects([[workloadGroupObject({ ...workload, ports }), object]]).change;
  });
}

function portsFor(workload: Workload, service: MeshService): readonly (readonly [string, number])[] {
  const own = workload.services.find(({ name }) => name === service.name)?.ports ?? [];
  const wanted = Object.entries(namedPorts(service.ports));
  return wanted.filter(([, number]) => own.some((port) => port.number === number));
}

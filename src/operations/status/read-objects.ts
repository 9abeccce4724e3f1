import pLimit from 'p-limit';
import { groupedBy } from '../../checks/mesh/objects.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { isNudge } from '../../cluster/registration/nudge.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { textMapping } from '../../mesh/unknown.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { NamespaceObjects } from './namespace-status.ts';

/** What a cluster has about VMs, by namespace, and what was not read. */
export interface StatusObjects {
  readonly namespaces: ReadonlyMap<string, NamespaceObjects>;
  /** The only namespace that was read; absent if all were. */
  readonly namespace?: string;
  readonly notes: readonly string[];
}

export interface ObjectsQuestion {
  /** The only namespace; all when absent. */
  readonly namespace?: string;
  readonly signal?: AbortSignal;
}

/** Namespaces whose Services are read at the same time. */
const AT_ONCE = 16;

/**
 * WorkloadGroups and WorkloadEntries of all owners, and the Services of the namespaces that have some: two lists, and one for each of these
 * namespaces. Where the whole cluster may not be read, only the namespace of the context is. Throws Problems of reaching the cluster, and
 * `cluster-forbidden` for the entries of a namespace.
 */
export async function readObjects(kube: Kubernetes, question: ObjectsQuestion): Promise<StatusObjects> {
  const found = await membersOf(kube, question);
  const { namespace, entries, groups } = found;
  const members = [...entries, ...(groups ?? [])];
  const names = [...new Set(members.map(namespaceOf))].sort();
  const limit = pLimit(AT_ONCE);
  const services = await Promise.all(
    names.map((name) => limit(() => listOr(kube, { apiVersion: 'v1', kind: 'Service', namespace: name }, question))),
  );
  const [entriesIn, groupsIn] = [groupedBy(entries, namespaceOf), groupedBy(groups ?? [], namespaceOf)];
  const namespaces = names.map((name, index): readonly [string, NamespaceObjects] => {
    const own = { entries: entriesIn.get(name) ?? [], ...(groups && { groups: groupsIn.get(name) ?? [] }) };
    return [name, { ...own, services: services[index]?.found ?? [] }];
  });
  const refused = services.flatMap((each) => each.refused ?? [])[0];
  const notes = [...found.notes, ...(refused === undefined ? [] : [`Services were not read (${refused})`])];
  return { namespaces: new Map(namespaces), notes, ...present({ namespace }) };
}

interface Members {
  readonly namespace?: string;
  readonly entries: readonly KubeObject[];
  readonly groups?: readonly KubeObject[];
  readonly notes: readonly string[];
}

async function membersOf(kube: Kubernetes, question: ObjectsQuestion): Promise<Members> {
  const { namespace } = question;
  const list = (kind: string) => listOr(kube, { apiVersion: NETWORKING, kind, ...present({ namespace }) }, question);
  const [entries, groups] = await Promise.all([list('WorkloadEntry'), list('WorkloadGroup')]);
  if (entries.problem)
    return namespace === undefined ? await ofContext(kube, question, entries.refused) : fail(entries.problem);
  const notes = groups.refused === undefined ? [] : [`WorkloadGroups were not read (${groups.refused})`];
  const found = { entries: (entries.found ?? []).filter((entry) => !isNudge(entry)), notes };
  return { ...found, ...present({ namespace, groups: groups.found }) };
}

async function ofContext(kube: Kubernetes, question: ObjectsQuestion, reason: string): Promise<Members> {
  const namespace = kube.namespace ?? 'default';
  const found = await membersOf(kube, { ...question, namespace });
  return {
    ...found,
    notes: [`only namespace ${namespace} was read (${reason}); name another one with -n`, ...found.notes],
  };
}

type Listed =
  | { readonly found: readonly KubeObject[]; readonly refused?: undefined; readonly problem?: undefined }
  | { readonly found?: undefined; readonly refused: string; readonly problem: Problem };

/** The objects, or why they may not be read. */
async function listOr(
  kube: Kubernetes,
  query: { readonly apiVersion: string; readonly kind: string; readonly namespace?: string },
  { signal }: ObjectsQuestion,
): Promise<Listed> {
  try {
    return { found: (await kube.list(query, signal)).map(sound) };
  } catch (error) {
    if (!(error instanceof Problem) || error.id !== clusterProblems.forbidden.id) throw error;
    return { refused: error.message.replace(/\.$/, ''), problem: error };
  }
}

function fail(problem: Problem): never {
  throw problem;
}

/** With labels and annotations of text only, as every API server has them and not every manifest. */
export function sound(object: KubeObject): KubeObject {
  const { labels, annotations } = object.metadata;
  return {
    ...object,
    metadata: { ...object.metadata, labels: textMapping(labels), annotations: textMapping(annotations) },
  };
}

export function namespaceOf({ metadata: { namespace } }: KubeObject): string {
  return namespace ?? 'default';
}

import {
  evictionName,
  evictionOf,
  evictionPolicy,
  evictionSelector,
  type Eviction,
} from '../../mesh/current/eviction.ts';
import { restorable, type Evicted } from '../../mesh/current/evicted-objects.ts';
import { sidecarName } from '../../mesh/current/sidecar.ts';
import { NETWORKING, SECURITY } from '../../mesh/current/objects.ts';
import { madeByMeshx, refOf, showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { principal } from '../../mesh/spiffe.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { automaticGroup, entryAddress, listEntries } from './entries.ts';
import { grantedRights } from './granted-rights.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN, planObjects, type ClusterPlan } from '../api/plan.ts';

export interface EvictionQuery {
  readonly namespace: string;
  /** A WorkloadGroup, or the name or address of a WorkloadEntry. */
  readonly target: string;
  /** Policies in this namespace apply to the whole mesh. */
  readonly rootNamespace: string;
  readonly trustDomain: string;
  /** Continues even if others share the identity. */
  readonly acceptShared?: boolean;
  readonly signal?: AbortSignal;
}

export interface PlannedEviction {
  readonly plan: ClusterPlan;
  readonly eviction: Eviction;
  /** Others with the same identity, which are denied too. */
  readonly shared: readonly string[];
}

/**
 * What removes an unreachable machine from the mesh. First a policy denies its identity everywhere. Then its entries
 * are deleted, its group (its sidecar cannot register again) and its service account (its tokens become invalid). Only
 * reads. Throws `evict-target-unknown`, `evict-account-shared`.
 */
export async function planEviction(kube: Kubernetes, query: EvictionQuery): Promise<PlannedEviction> {
  const { eviction: before } = await findEviction(kube, query);
  const found = await find(kube, query, before);
  const { group, going, staying } = found;
  const serviceAccount = accountOf(group) ?? before?.serviceAccount ?? 'default';
  const shared = await sharers(kube, { ...found, serviceAccount }, query);
  if (shared.length > 0 && query.acceptShared !== true) {
    throw clusterProblems.accountShared({
      account: `${query.namespace}/${serviceAccount}`,
      shared,
      target: query.target,
    });
  }
  const alone = shared.length === 0 && staying.length === 0;
  const removable = alone ? await own(kube, found, { serviceAccount, query }) : [];
  const rights = alone && group ? await grantedRights(kube, group, query.signal) : [];
  const evicted = { namespace: query.namespace, group: found.name, serviceAccount };
  const eviction: Eviction = {
    ...evicted,
    principal: principal(query.trustDomain, query.namespace, serviceAccount),
    addresses: unique([...(before?.addresses ?? []), ...going.map(entryAddress)]),
    entries: unique([...(before?.entries ?? []), ...going.map(({ metadata }) => metadata.name)]),
    // Not the rights of the agents: the first join after `--lift` grants them again.
    kept: keptObjects(before?.kept ?? [], removable, evicted),
  };
  const policy = evictionPolicy(eviction, query.rootNamespace);
  const plan = planObjects([[policy, await kube.get(refOf(policy), query.signal)]]);
  return { plan: { ...plan, remove: [...rights, ...removable.map(refOf), ...going.map(refOf)] }, eviction, shared };
}

/**
 * What lifts an eviction: the deleted objects are restored, then the policy is deleted. istiod recreates the entries
 * when the sidecar connects. Throws `eviction-unknown`, and `eviction-altered` for a policy that holds an object that
 * no eviction removes.
 */
export async function planReturn(
  kube: Kubernetes,
  query: Omit<EvictionQuery, 'trustDomain'>,
): Promise<{ readonly plan: ClusterPlan; readonly eviction: Eviction }> {
  const { eviction, refused } = await findEviction(kube, query);
  if (refused) throw clusterProblems.evictionAltered(refused);
  if (!eviction)
    throw clusterProblems.evictionUnknown({ target: query.target, namespace: query.namespace, cluster: kube.name });
  const found = await Promise.all(eviction.kept.map((object) => kube.get(refOf(object), query.signal)));
  const create = eviction.kept.filter((_object, index) => found[index] === undefined);
  const name = evictionName(eviction);
  const policy = {
    apiVersion: SECURITY,
    kind: 'AuthorizationPolicy',
    namespace: query.rootNamespace,
    name,
  };
  return { plan: { ...EMPTY_PLAN, create, remove: [policy] }, eviction };
}

interface Found {
  /** Name of the group, even if it no longer exists. */
  readonly name: string;
  readonly group: KubeObject | undefined;
  readonly going: readonly KubeObject[];
  /** Entries of the same group that were not named. */
  readonly staying: readonly KubeObject[];
  readonly entries: readonly KubeObject[];
}

async function find(kube: Kubernetes, query: EvictionQuery, before: Eviction | undefined): Promise<Found> {
  const { namespace, target, signal } = query;
  const entries = await listEntries(kube, namespace, signal);
  const named = entries.find((each) => each.metadata.name === target || entryAddress(each) === target);
  const name = (named && automaticGroup(named)) ?? before?.group ?? target;
  const group = await kube.get({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name }, signal);
  const members = entries.filter((each) => automaticGroup(each) === name);
  if (!group && !before && members.length === 0) {
    throw clusterProblems.evictTargetUnknown({ target, namespace, cluster: kube.name });
  }
  const going = named && automaticGroup(named) === name ? [named] : members;
  return { name, group, going, staying: members.filter((each) => !going.includes(each)), entries };
}

interface FoundEviction {
  readonly eviction?: Eviction;
  /** The policy that may hold the eviction of the target, and why its content is not trusted. */
  readonly refused?: { readonly policy: string; readonly reason: string };
}

async function findEviction(
  kube: Kubernetes,
  { namespace, target, rootNamespace, signal }: Omit<EvictionQuery, 'trustDomain'>,
): Promise<FoundEviction> {
  const place = { apiVersion: SECURITY, kind: 'AuthorizationPolicy', namespace: rootNamespace };
  const policies = await kube.list({ ...place, labelSelector: evictionSelector(namespace) }, signal);
  const read = policies.map((policy) => ({ policy: refOf(policy), found: evictionOf(policy) }));
  const evictions = read.flatMap(({ found }) => (typeof found === 'object' ? [found] : []));
  const eviction = evictions.find(
    ({ group, addresses, entries }) => group === target || addresses.includes(target) || entries.includes(target),
  );
  if (eviction) return { eviction };
  // An altered annotation may name any target, so the altered policy is found by its name, else the first one counts.
  const altered = read.filter((each) => typeof each.found === 'string');
  const own = evictionName({ namespace, group: target });
  const match = altered.find(({ policy }) => policy.name === own) ?? altered[0];
  return match && typeof match.found === 'string'
    ? { refused: { policy: showRef(match.policy), reason: match.found } }
    : {};
}

/** Other workloads with the same identity, which the policy denies too. */
async function sharers(
  kube: Kubernetes,
  found: Found & { readonly serviceAccount: string },
  { namespace, signal }: EvictionQuery,
): Promise<readonly string[]> {
  const { serviceAccount, entries, staying, name } = found;
  const [groups, pods] = await Promise.all([
    kube.list({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace }, signal),
    kube.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal),
  ]);
  const others = [
    ...groups.filter((each) => each.metadata.name !== name && accountOf(each) === serviceAccount),
    ...entries.filter(
      (each) => automaticGroup(each) === undefined && specOf(each)['serviceAccount'] === serviceAccount,
    ),
    ...staying,
    ...pods.filter((each) => (text(specOf(each)['serviceAccountName']) ?? 'default') === serviceAccount),
  ];
  return others.map((each) => showRef(refOf(each)));
}

/**
 * The group, its Sidecar and its account, if they exist. Kubernetes recreates the default account, and any workload may
 * use it.
 */
async function own(
  kube: Kubernetes,
  { group, name }: Found,
  { serviceAccount, query }: { readonly serviceAccount: string; readonly query: EvictionQuery },
): Promise<readonly KubeObject[]> {
  const { namespace, signal } = query;
  const sidecar: ObjectRef = { apiVersion: NETWORKING, kind: 'Sidecar', namespace, name: sidecarName(name) };
  const account: ObjectRef = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: serviceAccount };
  const refs = serviceAccount === 'default' ? [sidecar] : [sidecar, account];
  const objects = await Promise.all(refs.map((ref) => kube.get(ref, signal)));
  const others = objects.filter((object) => object !== undefined);
  // A Sidecar of that name that meshx did not make belongs to another owner.
  const mine = others.filter((object) => object.kind !== 'Sidecar' || madeByMeshx(object));
  return group === undefined ? mine : [group, ...mine];
}

/** A repeated eviction only adds objects that are new since the first. */
function keptObjects(
  before: readonly KubeObject[],
  now: readonly KubeObject[],
  evicted: Evicted,
): readonly KubeObject[] {
  const names = before.map((object) => showRef(refOf(object)));
  return [
    ...before,
    ...now.filter((object) => !names.includes(showRef(refOf(object)))).map((one) => again(one, evicted)),
  ];
}

/** An object in the form that `--lift` restores. An object that cannot be restored is not deleted. */
function again(object: KubeObject, evicted: Evicted): KubeObject {
  const kept = restorable(object, evicted);
  if (typeof kept !== 'string') return kept;
  throw clusterProblems.evictionUnkept({ object: showRef(refOf(object)), reason: kept });
}

function accountOf(group: KubeObject | undefined): string | undefined {
  return group && (text(mapping(specOf(group)['template'])['serviceAccount']) ?? 'default');
}

function specOf(object: KubeObject): Readonly<Record<string, unknown>> {
  return mapping(object['spec']);
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words.filter((word) => word !== ''))].sort();
}

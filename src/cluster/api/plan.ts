import { madeByMeshx, refOf, showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { difference } from './difference.ts';
import type { EntryChange } from './kubernetes.ts';

/** What to write to the cluster. Plain data: it can be printed and compared. */
export interface ClusterPlan {
  /** In the order in which they must be made. */
  readonly create: readonly KubeObject[];
  readonly change: readonly PlannedChange[];
  readonly unchanged: readonly ObjectRef[];
  /** Objects of another owner that differ. A plan with one is refused. */
  readonly foreign: readonly ForeignObject[];
  /** Ports that existing entries get before a Service asks for them by name. */
  readonly prepare: readonly Relabel[];
  /** Labels on entries that istiod made: meshx's own keys only. */
  readonly relabel: readonly Relabel[];
  readonly remove: readonly ObjectRef[];
  /** Sentences about what stays as it is, and why. */
  readonly notes?: readonly string[];
}

interface PlannedChange {
  readonly object: KubeObject;
  /** Fields that differ: `spec.ports[port=3306].name`. */
  readonly fields: readonly string[];
}

interface ForeignObject {
  readonly ref: ObjectRef;
  readonly fields: readonly string[];
}

/** A change of an existing entry. */
export interface Relabel extends EntryChange {
  readonly ref: ObjectRef;
  /** Label keys of Services that istiod must be made to recompute afterwards. */
  readonly nudge?: readonly string[];
}

export const EMPTY_PLAN: ClusterPlan = {
  ...{ create: [], change: [], unchanged: [], foreign: [] },
  ...{ prepare: [], relabel: [], remove: [] },
};

/** Compares wanted objects with those found. Pure. */
export function planObjects(
  pairs: readonly (readonly [wanted: KubeObject, found: KubeObject | undefined])[],
): ClusterPlan {
  return pairs.reduce((plan, [wanted, found]) => withObject(plan, wanted, found), EMPTY_PLAN);
}

/** Objects of these kinds belong to the operator; meshx only needs them to exist. */
const EXISTENCE = new Set(['Namespace', 'ServiceAccount']);

function withObject(plan: ClusterPlan, wanted: KubeObject, found: KubeObject | undefined): ClusterPlan {
  if (found === undefined) return { ...plan, create: [...plan.create, wanted] };
  const own = madeByMeshx(found);
  const asked = own ? wanted : withoutOwnLabel(wanted);
  const fields = EXISTENCE.has(wanted.kind) ? [] : difference(asked, found);
  const ref = refOf(wanted);
  if (fields.length === 0) return { ...plan, unchanged: [...plan.unchanged, ref] };
  if (!own) return { ...plan, foreign: [...plan.foreign, { ref, fields }] };
  return { ...plan, change: [...plan.change, { object: wanted, fields }] };
}

/** Another owner's object is compared without meshx's label. */
function withoutOwnLabel(wanted: KubeObject): KubeObject {
  return { ...wanted, metadata: { ...wanted.metadata, labels: {} } };
}

/** True when applying the plan would send nothing. */
export function isEmptyClusterPlan(plan: ClusterPlan): boolean {
  return [plan.create, plan.change, plan.prepare, plan.relabel, plan.remove].every((part) => part.length === 0);
}

/**
 * Changes of subsets come before all else: a route to a subset that is not there yet answers 503. Then come those of groups, and those
 * that follow once existing entries have the ports of `prepare`: a new entry has the ports of its group.
 */
export function dividedChanges({ change }: ClusterPlan) {
  const of = (...kinds: readonly string[]) => change.filter(({ object }) => kinds.includes(object.kind));
  const early = ['DestinationRule', 'WorkloadGroup'];
  const others = change.filter(({ object }) => !early.includes(object.kind));
  return { subsets: of('DestinationRule'), groups: of('WorkloadGroup'), others };
}

/** One write to the cluster, with its lines: "create Service vm/mysqldb". */
export interface ClusterWrite {
  readonly lines: readonly string[];
  readonly content: KubeObject | PlannedChange | Relabel | ObjectRef;
}

/** What a plan writes, in the order of the writes. */
export function clusterWrites(plan: ClusterPlan): readonly ClusterWrite[] {
  const { subsets, groups, others } = dividedChanges(plan);
  const changed = (content: PlannedChange): ClusterWrite => ({ lines: [changeLine(content)], content });
  return [
    ...subsets.map(changed),
    ...plan.create.map((content) => ({ lines: [`create ${showRef(refOf(content))}`], content })),
    ...groups.map(changed),
    ...plan.prepare.map((content) => ({ lines: [entryLine(content)], content })),
    ...others.map(changed),
    ...plan.relabel.map((content) => ({ lines: [entryLine(content), ...nudgeLine(content)], content })),
    ...plan.remove.map((content) => ({ lines: [`delete ${showRef(content)}`], content })),
  ];
}

/** One line for each write, imperative and in the order of the writes. */
export function clusterPlanLines(plan: ClusterPlan): readonly string[] {
  return clusterWrites(plan).flatMap(({ lines }) => lines);
}

/** The nudges of a plan, in the imperative. */
export function nudgeLines({ relabel }: Pick<ClusterPlan, 'relabel'>): readonly string[] {
  return relabel.flatMap(nudgeLine);
}

/** The short-lived entry that makes istiod recompute Services. */
export function nudgeOf({ name, ...ref }: ObjectRef): ObjectRef {
  return { ...ref, name: `nudge-${name}`.slice(0, 253) };
}

function nudgeLine({ ref, nudge = [] }: Relabel): readonly string[] {
  return nudge.length === 0 ? [] : [`create and delete ${showRef(nudgeOf(ref))}, so that istiod drops the endpoint`];
}

function changeLine({ object, fields }: PlannedChange): string {
  return `change ${showRef(refOf(object))}: ${fields.join(', ')}`;
}

function entryLine({ ref, labels = {}, annotations = {}, ports = {} }: Relabel): string {
  const verb = Object.keys(labels).length > 0 ? 'label' : 'change';
  const parts = [...setLines('', labels), ...setLines('port ', ports), ...setLines('annotation ', annotations)];
  return `${verb} ${showRef(ref)}: ${parts.join(', ')}`;
}

function setLines(what: string, values: Readonly<Record<string, string | number | null>>): readonly string[] {
  return Object.entries(values).map(([key, value]) => `${what}${key}${value === null ? '-' : `=${value}`}`);
}

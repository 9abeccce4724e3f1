import { madeByMeshx, refOf, showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { difference } from './difference.ts';

/** What to write to the cluster. Plain data: it can be printed and compared. */
export interface ClusterPlan {
  /** In the order in which they must be made. */
  readonly create: readonly KubeObject[];
  readonly change: readonly PlannedChange[];
  readonly unchanged: readonly ObjectRef[];
  /** Objects of another owner that differ. A plan with one is refused. */
  readonly foreign: readonly ForeignObject[];
  /** Labels on entries that istiod made: meshx's own keys only. */
  readonly relabel: readonly Relabel[];
  readonly remove: readonly ObjectRef[];
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

export interface Relabel {
  readonly ref: ObjectRef;
  /** null removes the label. */
  readonly labels: Readonly<Record<string, string | null>>;
  /** Ports that the entry lacks: istiod copies the group's ports only when it creates an entry. */
  readonly ports?: Readonly<Record<string, number>>;
}

export const EMPTY_PLAN: ClusterPlan = { create: [], change: [], unchanged: [], foreign: [], relabel: [], remove: [] };

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
  return [plan.create, plan.change, plan.relabel, plan.remove].every((part) => part.length === 0);
}

/** One line for each write, imperative: "create Service vm/mysqldb". */
export function clusterPlanLines(plan: ClusterPlan): readonly string[] {
  return [
    ...plan.create.map((object) => `create ${showRef(refOf(object))}`),
    ...plan.change.map(({ object, fields }) => `change ${showRef(refOf(object))}: ${fields.join(', ')}`),
    ...plan.relabel.map(
      ({ ref, labels, ports = {} }) => `label ${showRef(ref)}: ${formatLabels({ ...labels, ...portTexts(ports) })}`,
    ),
    ...plan.remove.map((ref) => `delete ${showRef(ref)}`),
  ];
}

function portTexts(ports: Readonly<Record<string, number>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(ports).map(([name, number]) => [`port ${name}`, String(number)]));
}

function formatLabels(labels: Readonly<Record<string, string | null>>): string {
  return Object.entries(labels)
    .map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`))
    .join(', ');
}

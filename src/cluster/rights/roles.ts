import type { KubeObject } from '../../mesh/kube-object.ts';
import { MANAGED_BY } from '../../mesh/kube-object.ts';
import type { Right, RightPlace } from './right.ts';

/** Whom the roles are bound to. */
export type Subject =
  | { readonly kind: 'User' | 'Group'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly name: string; readonly namespace: string };

export interface RolesOptions {
  readonly namespace: string;
  readonly istioNamespace: string;
  /** Absent: roles without bindings. */
  readonly subject?: Subject;
}

const RBAC = 'rbac.authorization.k8s.io';
const NAME = 'meshx';

/** One Role for each namespace and a ClusterRole for cluster-wide resources, each with its binding. Pure. */
export function rolesOf(rights: readonly Right[], options: RolesOptions): readonly KubeObject[] {
  const { namespace, istioNamespace, subject } = options;
  const places: Readonly<Record<RightPlace, string | undefined>> = {
    'control plane': istioNamespace,
    workload: namespace,
    'kube-system': 'kube-system',
    cluster: undefined,
  };
  const spaces = [...new Set(rights.map(({ place }) => places[place]))];
  return spaces.flatMap((space) => {
    const rules = rulesOf(rights.filter(({ place }) => places[place] === space));
    return [role(space, rules), ...(subject ? [binding(space, subject)] : [])];
  });
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** Puts resources of one group with the same verbs into one rule. */
function rulesOf(rights: readonly Right[]): readonly Rule[] {
  const whole = mergeRights(rights);
  const rules = new Map<string, Rule>();
  for (const { group, resource, verbs, names } of whole) {
    const key = JSON.stringify([group, verbs, names ?? resource.includes('/')]);
    const before = names ? undefined : rules.get(key);
    const resources = [...(before?.resources ?? []), resource].sort(byText);
    rules.set(names ? `${key} ${resource}` : key, {
      apiGroups: [group],
      resources,
      ...(names && { resourceNames: names }),
      verbs,
    });
  }
  return [...rules.values()];
}

/** Merges rights on one resource. A right on all objects includes the same right on some. */
export function mergeRights(rights: readonly Right[]): readonly Right[] {
  const merged = new Map<string, Right>();
  for (const right of rights) {
    const key = JSON.stringify([right.place, right.group, right.resource, right.names === undefined]);
    const before = merged.get(key);
    const verbs = [...new Set([...(before?.verbs ?? []), ...right.verbs])].sort(byText);
    const names = right.names && [...new Set([...(before?.names ?? []), ...right.names])].sort(byText);
    const { optional: _why, ...needed } = right;
    const kept = before && before.optional === undefined ? needed : right;
    merged.set(key, { ...kept, verbs, ...(names && { names }) });
  }
  const all = [...merged.values()];
  return all
    .filter(({ names, ...right }) => !names || !all.some((other) => !other.names && swallows(other, right)))
    .sort((a, b) => byText(`${a.group}/${a.resource}`, `${b.group}/${b.resource}`));
}

function swallows(other: Right, right: Right): boolean {
  const same = other.place === right.place && other.group === right.group && other.resource === right.resource;
  return same && right.verbs.every((verb) => other.verbs.includes(verb));
}

function role(namespace: string | undefined, rules: readonly Rule[]): KubeObject {
  return { apiVersion: `${RBAC}/v1`, kind: kindAt(namespace), metadata: metadata(namespace), rules };
}

function binding(namespace: string | undefined, subject: Subject): KubeObject {
  const apiGroup = subject.kind === 'ServiceAccount' ? {} : { apiGroup: RBAC };
  return {
    apiVersion: `${RBAC}/v1`,
    kind: `${kindAt(namespace)}Binding`,
    metadata: metadata(namespace),
    roleRef: { apiGroup: RBAC, kind: kindAt(namespace), name: NAME },
    subjects: [{ ...subject, ...apiGroup }],
  };
}

function kindAt(namespace: string | undefined): 'Role' | 'ClusterRole' {
  return namespace === undefined ? 'ClusterRole' : 'Role';
}

function metadata(namespace: string | undefined): KubeObject['metadata'] {
  return { name: NAME, ...(namespace && { namespace }), labels: MANAGED_BY };
}

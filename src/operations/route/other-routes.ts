import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { RouteRule } from '../../mesh/current/routes.ts';
import { type KubeObject, madeByMeshx, refOf, showRef } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { routeProblems } from '../../problems/route.ts';

/** What else routes or defines the versions of a service. */
export interface OtherRoutes {
  /** DestinationRules of the service's namespace, meshx's own included. */
  readonly rules: readonly KubeObject[];
  /** Sentences about objects of other namespaces that some clients follow. */
  readonly notes: readonly string[];
}

/**
 * Objects of other owners, or of another name, for the same service. Throws `route-foreign` for a VirtualService that routes the same
 * clients: two of one host have no order.
 */
export async function readOtherRoutes(kube: Kubernetes, rule: RouteRule, signal: AbortSignal): Promise<OtherRoutes> {
  const { namespace, host } = rule;
  const [routes, rules] = await Promise.all(
    ['VirtualService', 'DestinationRule'].map((kind) => readEverywhere(kube, kind, namespace, signal)),
  );
  const own = (object: KubeObject): boolean => namespaceOf(object) === namespace;
  const isOther = (object: KubeObject): boolean =>
    !own(object) || object.metadata.name !== rule.service || !madeByMeshx(object);
  const others = (routes?.objects ?? []).filter((each) => isOther(each) && isForMesh(each) && names(each, rule));
  const foreign = others.filter((each) => own(each) || isExportedTo(each, namespace));
  if (foreign.length > 0) throw routeProblems.foreign({ host, objects: foreign.map(shown), why: 'routes it already' });
  const defining = (rules?.objects ?? []).filter((each) => names(each, rule));
  return {
    rules: defining.filter(own),
    notes: [
      ...others.map((each) => `${shown(each)} routes the clients of its namespaces, whatever this route says`),
      ...defining.filter((each) => !own(each)).map(ruleNote),
      ...(routes?.isPartial === true || rules?.isPartial === true
        ? [`only namespace ${namespace} could be read: objects of other namespaces may route ${host}, too`]
        : []),
    ],
  };
}

interface ReadObjects {
  readonly objects: readonly KubeObject[];
  /** The right to list all namespaces was missing. */
  readonly isPartial: boolean;
}

async function readEverywhere(
  kube: Kubernetes,
  kind: string,
  namespace: string,
  signal: AbortSignal,
): Promise<ReadObjects> {
  const query = { apiVersion: NETWORKING, kind };
  try {
    return { objects: await kube.list(query, signal), isPartial: false };
  } catch (error) {
    if (!(error instanceof Problem) || error.id !== clusterProblems.forbidden.id) throw error;
    return { objects: await kube.list({ ...query, namespace }, signal), isPartial: true };
  }
}

/** Sidecars look for a rule in the client's namespace first, then in the service's, then in the root namespace. */
function ruleNote(rule: KubeObject): string {
  return `clients of namespace ${namespaceOf(rule)} use ${shown(rule)} instead, which must define the same subsets`;
}

function shown(object: KubeObject): string {
  return showRef(refOf(object));
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? 'default';
}

/** Absent means all namespaces. */
function isExportedTo({ spec }: KubeObject, namespace: string): boolean {
  const to = list(mapping(spec)['exportTo']);
  return to.length === 0 || to.includes('*') || to.includes(namespace);
}

/** A VirtualService of a gateway alone leaves the clients in the mesh as they are. */
function isForMesh({ spec }: KubeObject): boolean {
  const gateways = list(mapping(spec)['gateways']);
  return gateways.length === 0 || gateways.includes('mesh');
}

/** A name without a dot is one of the object's own namespace. */
function names(object: KubeObject, { service, namespace, host }: RouteRule): boolean {
  const { hosts, host: one } = mapping(object['spec']);
  const isShort = namespaceOf(object) === namespace;
  return [...list(hosts), one].some((each) => each === host || (isShort && each === service));
}

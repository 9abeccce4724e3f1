import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { type ClusterPlan, EMPTY_PLAN } from '../../cluster/api/plan.ts';
import { serviceRef } from '../../cluster/api/refs.ts';
import { reachOf } from '../../cluster/facts/load-balancer.ts';
import { registrationPlan } from '../../cluster/registration/register.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import {
  definedSubsets,
  destinationRuleObject,
  type RouteRule,
  type Subset,
  subsetsOf,
  virtualServiceObject,
} from '../../mesh/current/routes.ts';
import { type KubeObject, madeByMeshx, refOf, showRef } from '../../mesh/kube-object.ts';
import { portMeaning } from '../../mesh/protocol.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import { list, mapping, text, textMapping } from '../../mesh/unknown.ts';
import { routeProblems } from '../../problems/route.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import { type OtherRoutes, readOtherRoutes } from './other-routes.ts';

export interface RouteOptions {
  readonly cluster: ClusterOptions;
  readonly namespace?: string | undefined;
  readonly service: string;
}

export interface PlannedRoute {
  readonly kube: Kubernetes;
  readonly plan: ClusterPlan;
  /** Full name of the service. */
  readonly host: string;
  readonly rule?: RouteRule;
}

type Wanted = Omit<RouteRule, 'service' | 'namespace' | 'host'>;

const HTTP = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB']);

/** The objects that route a service to its versions. Only reads. Throws `route-service-missing`, `route-foreign`, `route-needs-http`. */
export async function planRoute(world: World, options: RouteOptions, wanted: Wanted): Promise<PlannedRoute> {
  const { kube, namespace, facts } = await openCluster(world, options.cluster, options.namespace);
  const { service: name } = options;
  const { signal } = world;
  const service = await kube.get(serviceRef(namespace, name), signal);
  if (service === undefined)
    throw routeProblems.serviceMissing({ service: `${namespace}/${name}`, cluster: kube.name });
  const host = serviceHost(name, namespace, facts.clusterDomain);
  const rule: RouteRule = { ...wanted, service: name, namespace, host };
  const kind = isHttp(service) ? 'http' : 'tcp';
  const ofHttp = wanted.header ?? wanted.timeout ?? wanted.retries;
  if (kind === 'tcp' && ofHttp !== undefined) throw routeProblems.needsHttp({ service: `${namespace}/${name}` });
  const others = await readOtherRoutes(kube, rule, signal);
  const subsets = wantedSubsets(rule, others);
  const objects = [...(subsets ? [destinationRuleObject(rule, subsets)] : []), virtualServiceObject(rule, kind)];
  const plan = await registrationPlan(kube, objects, signal);
  const notes = [...others.notes, ...(await emptySubsets(kube, service, rule, signal))];
  return { kube, host, rule, plan: { ...plan, notes } };
}

/** What takes the routes away again: the objects that meshx made for the service, the routes first. Only reads. */
export async function planRouteRemoval(world: World, options: RouteOptions): Promise<PlannedRoute> {
  const { kube, namespace, facts } = await openCluster(world, options.cluster, options.namespace);
  const refs = ['VirtualService', 'DestinationRule'].map((kind) => ({
    apiVersion: NETWORKING,
    kind,
    namespace,
    name: options.service,
  }));
  const found = await Promise.all(refs.map((ref) => kube.get(ref, world.signal)));
  const own = found.filter((object) => object !== undefined).filter(madeByMeshx);
  const host = serviceHost(options.service, namespace, facts.clusterDomain);
  return { kube, host, plan: { ...EMPTY_PLAN, remove: own.map(refOf) } };
}

function isHttp(service: KubeObject): boolean {
  const protocols = list(mapping(service['spec'])['ports']).map((port) => text(mapping(port)['appProtocol']));
  return reachOf(service).ports.some(({ name, port }, index) => {
    const { protocol, declared } = portMeaning({ number: port, name: protocols[index] ?? name });
    // Undeclared ports are detected, and are most often HTTP.
    return HTTP.has(protocol) || !declared;
  });
}

/**
 * The subsets of meshx's own DestinationRule, with those that it has already: a route may still lead to them. Undefined if another
 * owner's defines all of them.
 */
function wantedSubsets(rule: RouteRule, { rules }: OtherRoutes): readonly Subset[] | undefined {
  const subsets = subsetsOf(rule);
  const others = rules.filter((each) => each.metadata.name !== rule.service || !madeByMeshx(each));
  const [other] = others;
  if (other !== undefined) {
    const missing = subsets.filter(
      ({ name }) => !others.some((each) => definedSubsets(each).some((has) => has.name === name)),
    );
    if (missing.length === 0) return undefined;
    const why = `defines its subsets, and has no ${missing.map(({ name }) => name).join(', ')}`;
    throw routeProblems.foreign({ host: rule.host, objects: [showRef(refOf(other))], why });
  }
  const own = rules.flatMap(definedSubsets).filter(({ name }) => !subsets.some((each) => each.name === name));
  return [...subsets, ...own];
}

/** Requests to a version that nothing has fail with 503. */
async function emptySubsets(
  kube: Kubernetes,
  service: KubeObject,
  rule: RouteRule,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!kube.live) return [];
  const { namespace } = rule;
  const [pods, entries] = await Promise.all([
    kube.list({ apiVersion: 'v1', kind: 'Pod', namespace }, signal),
    kube.list({ apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace }, signal),
  ]);
  const selector = Object.entries(textMapping(reachOf(service).selector));
  const labels = [
    ...pods.map(({ metadata }) => metadata.labels ?? {}),
    ...entries.map(({ metadata, spec }) => ({ ...metadata.labels, ...textMapping(mapping(spec)['labels']) })),
  ].filter((each) => selector.every(([key, value]) => each[key] === value));
  return subsetsOf(rule)
    .filter(({ labels: wanted }) => !labels.some((each) => each[rule.label] === wanted[rule.label]))
    .map(
      ({ labels: wanted }) =>
        `no pod and no VM of ${namespace}/${rule.service} has ${rule.label}=${wanted[rule.label]}: its requests will fail with 503`,
    );
}

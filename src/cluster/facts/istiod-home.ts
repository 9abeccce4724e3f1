import { refOf, showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { isClusterName, parsePlace, type Place } from '../../mesh/place.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { FactsOptions } from './facts-options.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { reachOf } from './load-balancer.ts';
import { revisionSuffix, serviceRef } from '../api/refs.ts';

/** Where istiod runs, by the objects of this cluster. */
export type IstiodHome =
  /** In this cluster, behind a Service that selects its pods. */
  | { readonly kind: 'here' }
  /** In another cluster: a Service without a selector leads there. */
  | { readonly kind: 'remote'; readonly endpoints: readonly string[]; readonly port?: number; readonly source: string }
  /** Outside: there is no Service of istiod, and the mesh config gives proxies another address. */
  | { readonly kind: 'outside'; readonly host: string; readonly port?: number; readonly source: string };

/** Control planes that a vendor runs. They refuse the token of a service account. */
const MANAGED = /(^|\.)googleapis\.com$/;

/**
 * Finds where istiod runs, from its Service and the mesh config's discoveryAddress. Throws `cluster-fact-unreadable`
 * for an address that no VM can dial, `control-plane-managed`.
 */
export async function findIstiodHome(
  kube: Kubernetes,
  options: FactsOptions,
  mesh: { readonly ref: ObjectRef; readonly defaultConfig: Readonly<Record<string, unknown>> },
): Promise<{ readonly home: IstiodHome; readonly discovery: Place | undefined }> {
  const ref = serviceRef(options.istioNamespace, `istiod${revisionSuffix(options.revision)}`);
  const discovery = discoveryOf(mesh);
  if (discovery && MANAGED.test(discovery.host))
    throw clusterProblems.controlPlaneManaged({ cluster: kube.name, host: discovery.host });
  const service = await kube.get(ref, options.signal);
  return { home: await homeOf(kube, { service, discovery, meshRef: mesh.ref }, options), discovery };
}

interface Seen {
  readonly service: KubeObject | undefined;
  readonly discovery: Place | undefined;
  readonly meshRef: ObjectRef;
}

async function homeOf(kube: Kubernetes, seen: Seen, options: FactsOptions): Promise<IstiodHome> {
  const { service, discovery, meshRef } = seen;
  const { clusterDomain = 'cluster.local', signal } = options;
  if (service === undefined) {
    if (discovery === undefined || (!discovery.isIp && isClusterName(discovery.host, clusterDomain)))
      return { kind: 'here' };
    const { host, port } = discovery;
    return { kind: 'outside', host, ...(port && { port }), source: `discoveryAddress of ${showRef(meshRef)}` };
  }
  if (Object.keys(reachOf(service).selector).length > 0) return { kind: 'here' };
  const { endpoints, port } = await endpointsOf(kube, service, signal);
  return { kind: 'remote', endpoints, ...(port && { port }), source: `endpoints of ${showRef(refOf(service))}` };
}

function discoveryOf(mesh: {
  readonly ref: ObjectRef;
  readonly defaultConfig: Readonly<Record<string, unknown>>;
}): Place | undefined {
  const given = text(mesh.defaultConfig['discoveryAddress']);
  if (given === undefined) return undefined;
  const place = parsePlace(given);
  if (typeof place !== 'string') return place;
  const reason = `discoveryAddress ${JSON.stringify(given)} cannot be dialled by a VM: ${place}`;
  throw clusterProblems.factUnreadable({ object: showRef(mesh.ref), key: 'mesh', reason });
}

interface Endpoints {
  readonly endpoints: readonly string[];
  readonly port?: number;
}

/**
 * Ready addresses behind a Service without a selector: an external name, its EndpointSlices, or Endpoints in an older
 * cluster.
 */
async function endpointsOf(kube: Kubernetes, service: KubeObject, signal?: AbortSignal): Promise<Endpoints> {
  const external = text(mapping(service['spec'])['externalName']);
  if (external !== undefined) return { endpoints: [external] };
  const { name, namespace = 'default' } = service.metadata;
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const slices = await kube.list(
    { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace, labelSelector },
    signal,
  );
  const ready = slices.flatMap((slice) => list(slice['endpoints'])).map(mapping);
  const inSlices = ready
    .filter((each) => mapping(each['conditions'])['ready'] !== false)
    .flatMap((each) => list(each['addresses']));
  if (slices.length > 0)
    return { endpoints: texts(inSlices), ...portOf(slices.flatMap((slice) => list(slice['ports']))) };
  const endpoints = await kube.get({ apiVersion: 'v1', kind: 'Endpoints', namespace, name }, signal);
  const subsets = list(endpoints?.['subsets']).map(mapping);
  const addresses = subsets.flatMap((subset) => list(subset['addresses'])).map((each) => mapping(each)['ip']);
  return { endpoints: texts(addresses), ...portOf(subsets.flatMap((subset) => list(subset['ports']))) };
}

function texts(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.map(text).filter((value) => value !== undefined))];
}

/** istiod's TLS port: by its number, else by its name. */
function portOf(values: readonly unknown[]): { readonly port?: number } {
  const ports = values.map(mapping);
  const found =
    ports.find(({ port }) => port === 15012) ??
    ports.find(({ name }) => /^(tls-istiod|https-dns|tls-xds)$/.test(text(name) ?? ''));
  return typeof found?.['port'] === 'number' ? { port: found['port'] } : {};
}
